using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Export;
using Orleans.Tbptt.Client.Look;
using Orleans.Tbptt.Client.Runs;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Training.Replay;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Client.Travel;

/// <summary><c>tbptt at</c>: any state that a run had, computed again to the bit.</summary>
internal static class AtCommand
{
    /// <summary>Computes the state, prints what it is, and writes its files where that is wanted.</summary>
    /// <returns>0; 1 where the step that was computed is not the one that the run published.</returns>
    /// <exception cref="ClientException">There is no such run or state, or it cannot be computed or written.</exception>
    public static async Task<int> RunAsync(ConsoleContext context, AtRequest request)
    {
        var info = new RunFiles(request.Runs, context.Time).Find(request.Run);
        using var replay = Replays.Open(info.Directory);
        long step = request.Step ?? info.Status.Step;
        Replays.RefuseUnpublished(info, replay, step);
        int computed = 0;
        StepOutcome.Committed? outcome = null;
        Replays.Try(() => replay.Recompute(step, EpochEnd.Before, one =>
        {
            computed++;
            outcome = one.Outcome;
        }));
        var (published, problem) = Published(replay, step);
        var state = new ReplayedState(replay, computed, outcome, published, problem);
        if (request.Json)
            context.Terminal.Out.WriteLine(state.ToJson().ToJsonString(ListCommand.Json));
        else
            state.Write(context.Terminal.Out, info.Status);
        foreach (string damaged in replay.PassedOver)
            context.Terminal.Error.WriteLine($"passed over: {Text.OneLine(damaged)}");
        if (request.Export is { } directory)
            await ExportAsync(context, replay, directory, request);
        context.Terminal.Out.Flush();
        if (state.Difference is { } difference)
            throw new ClientException(difference, ExitCode.Failed);
        return ExitCode.Completed;
    }

    /// <summary>The step as the run published it. The state is of use without it, too.</summary>
    private static (StepCommitted? Step, string? Problem) Published(RunReplay replay, long step)
    {
        try
        {
            return (replay.Published(step, step) is [var found, ..] ? found : null, null);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return (null, Text.OneLine(error.Message));
        }
    }

    private static async Task ExportAsync(ConsoleContext context, RunReplay replay, string directory, AtRequest request)
    {
        // What the run would leave there has the figures of an epoch that has just ended.
        Replays.Try(() => replay.Continue(replay.State.Step, EpochEnd.After));
        var written = Replays.Try(() => ReplayedModel.Files(replay));
        using var files = new NewFiles(directory, request.Force) { IsQuiet = request.Json };
        await files.WriteAsync(context, () =>
        {
            foreach (var (name, write) in written)
            {
                using var stream = File.Create(Path.Combine(files.Unfinished, name));
                write(stream);
            }

            return Task.CompletedTask;
        });
    }
}

using Microsoft.Extensions.Logging;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Coordinators;

/// <summary>
/// A run's trainers as its coordinator sees them: asks all, waits for all, and tells who did not answer. Which trainer answered first
/// never shows: results stand in order of trainer.
/// </summary>
internal sealed partial class TrainerGroup(TrainerRoster roster, TimeProvider time, ILogger logger)
{
    private readonly StepDeadline _training = new(time);
    private readonly StepDeadline _evaluating = new(time);
    private int _asks;

    /// <summary>Who they are, and where.</summary>
    public TrainerRoster Roster => roster;

    /// <summary>Gives trainers their lanes at the committed state.</summary>
    /// <param name="which">The trainers.</param>
    /// <param name="assign">Makes the call of one.</param>
    public Task<GroupReply<TrainerReady>> Assign(IReadOnlyList<int> which, Func<int, Task<TrainerReply>> assign) =>
        Ask<TrainerReady>(TrainerState.Placing, which, assign, deadline: null);

    /// <summary>One step's contributions.</summary>
    public Task<GroupReply<Contribution>> TrainChunk(StepTicket ticket) =>
        Ask<Contribution>(TrainerState.Training, roster.All, index => roster[index].TrainChunk(ticket), _training);

    /// <summary>One evaluation chunk's losses.</summary>
    public Task<GroupReply<EvaluationResult>> EvaluateChunk(EvaluationTicket ticket) =>
        Ask<EvaluationResult>(TrainerState.Evaluating, roster.All, index => roster[index].EvaluateChunk(ticket), _evaluating);

    /// <summary>Lets the trainers go. One that cannot be reached is gone already.</summary>
    public Task Release(int generation) => Task.WhenAll(roster.All.Select(async index =>
    {
        await roster[index].Release(generation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        roster.Set(index, TrainerState.Released);
    }));

    private async Task<GroupReply<T>> Ask<T>(TrainerState busy, IReadOnlyList<int> which, Func<int, Task<TrainerReply>> call, StepDeadline? deadline)
        where T : TrainerReply
    {
        int ask = ++_asks;
        var replies = new TrainerReply?[which.Count];
        var all = Task.WhenAll(which.Select(async (index, place) => replies[place] = await Ask(ask, index, busy, call)));
        string? lost = null;
        if (deadline is null)
            await all;
        else
            lost = await deadline.Wait(all, () => Mark(TrainerState.Late));
        if (lost is null)
            return new(which, replies!);

        // What still comes from them belongs to an ask that is over.
        _asks++;
        Mark(TrainerState.Lost);
        return new(which, [.. replies.Select((reply, place) => reply ?? new TrainerLost($"{roster.SiloOf(which[place])} {lost}"))]);

        void Mark(TrainerState state)
        {
            foreach (int index in which.Where((_, place) => replies[place] is null))
                roster.Set(index, state);
        }
    }

    private async Task<TrainerReply> Ask(int ask, int index, TrainerState busy, Func<int, Task<TrainerReply>> call)
    {
        roster.Set(index, busy);
        TrainerReply reply;
        try
        {
            reply = await call(index);
        }
#pragma warning disable CA1031 // However a call fails, the trainer is lost to this step; the coordinator places it again.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogLost(e, roster.Run, index);
            reply = new TrainerLost(Reason(index, e));
        }

        if (ask == _asks)
            roster.Set(index, reply is TrainerLost or TrainerFault or Refusal ? TrainerState.Lost : TrainerState.Waiting);
        return reply;
    }

    /// <summary>In a person's words; Orleans' own, with addresses and message ids, are in the silo's log.</summary>
    private string Reason(int index, Exception exception) => exception switch
    {
        SiloUnavailableException => $"{roster.SiloOf(index)} was lost",
        TimeoutException => $"{roster.SiloOf(index)} did not answer in time",
        _ => $"{roster.SiloOf(index)}: {exception.Message}",
    };

    [LoggerMessage(Level = LogLevel.Warning, Message = "Run {Run}: trainer {Trainer} does not answer")]
    private partial void LogLost(Exception exception, RunId run, int trainer);
}

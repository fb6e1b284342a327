using System.Globalization;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Look;
using Orleans.Tbptt.Client.Runs;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Training.Explaining;
using Orleans.Tbptt.Training.Replay;

namespace Orleans.Tbptt.Client.Travel;

/// <summary>The arguments of <c>tbptt explain</c>.</summary>
/// <param name="Run">The run: its ID, or any unambiguous part of it.</param>
/// <param name="Runs">The run store.</param>
/// <param name="Step">The step, from 1.</param>
/// <param name="Around">Steps before it, and behind it, that it is compared with.</param>
/// <param name="Json">Whether it is printed as JSON.</param>
internal sealed record ExplainRequest(string Run, string Runs, long Step, int Around, bool Json);

/// <summary><c>tbptt explain</c>: which lanes and rows are behind a step's loss and gradient.</summary>
internal static class ExplainCommand
{
    private const int MostLanes = 20;

    /// <summary>Prints it.</summary>
    /// <exception cref="ClientException">There is no such run or step, or it cannot be computed again.</exception>
    public static int Run(ConsoleContext context, ExplainRequest request)
    {
        var info = new RunFiles(request.Runs, context.Time).Find(request.Run);
        using var replay = Replays.Open(info.Directory, keepsTimes: true);

        // The step with which a run diverges was not committed.
        long last = info.Status.Step + (info.Status.State == RunState.Diverged ? 1 : 0);
        Replays.RefuseUnpublished(info, replay, info.Status.State == RunState.Diverged && request.Step == last ? 0 : request.Step);
        var step = Replays.Try(() => StepExplainer.Explain(
            replay, request.Step, Math.Max(info.Status.Step, request.Step), new(request.Around)));
        if (request.Json)
            context.Terminal.Out.WriteLine(ExplanationJson.Of(replay.Run.Id, replay.Spec, step).ToJsonString(ListCommand.Json));
        else
            Write(context.Terminal.Out, replay, step);
        context.Terminal.Out.Flush();
        return ExitCode.Completed;
    }

    private static void Write(TextWriter output, RunReplay replay, StepExplanation step)
    {
        output.WriteLine($"step {Text.Count(step.Step)}, epoch {step.Epoch}, of run {replay.Run.Id}");
        output.WriteLine($"loss           {Compared(step.Loss, step.UsualLoss, step.Around.Count)}");
        output.WriteLine($"gradient norm  {Compared(step.GradientNorm, step.UsualNorm, step.Around.Count)}");
        output.WriteLine();
        var table = new TextTable("LANE", "OF GRADIENT", "NORM", "USUALLY", "LOSS", "USUALLY", "SEQUENCE", "TRAINED ON");
        foreach (var lane in step.Lanes.Take(MostLanes))
        {
            var one = lane.Figures;
            table.Add(
                $"{one.Lane}", double.IsFinite(one.Share) ? one.Share.ToString("P1", CultureInfo.InvariantCulture) : "-",
                Text.Figure(one.GradientNorm), Text.Figure(lane.UsualNorm), one.Weight > 0 ? Text.Figure(one.Loss) : "-",
                Text.Figure(lane.UsualLoss), $"{one.Chunk.Sequence + 1}",
                ExplanationText.Of(replay.Spec, lane));
        }

        table.Write(output);
        if (step.Lanes.Count > MostLanes)
            output.WriteLine($"and {step.Lanes.Count - MostLanes} lanes with smaller parts");
        foreach (var lane in step.Lanes.Where(lane => lane.Pieces.Count > 0))
        {
            output.WriteLine();
            var pieces = new TextTable($"LANE {lane.Figures.Lane}, TIME STEPS", "LOSS", "NORM", "TRAINED ON");
            foreach (var piece in lane.Pieces)
            {
                var figures = piece.Figures;
                pieces.Add(
                    $"{Text.Count(figures.Start + 1)} to {Text.Count(figures.Start + figures.Length)}", Text.Figure(figures.Loss),
                    Text.Figure(figures.GradientNorm), ExplanationText.Of(replay.Spec, piece));
            }

            pieces.Write(output);
        }

        if (step.Lags.Count > 0)
        {
            output.WriteLine();
            output.WriteLine($"lane {step.Lanes[0].Figures.Lane}, if the gradient ran on beyond where training stops:");
            foreach (var lag in step.Lags)
                output.WriteLine($"  {lag.Name,-36}{lag.Value.ToString("P1", CultureInfo.InvariantCulture)}");
        }

        output.WriteLine();
        output.WriteLine(ExplanationText.Conclusion(replay.Spec, step));
    }

    private static string Compared(double value, double usual, int around) => around == 0 ? Text.Figure(value)
        : $"{Text.Figure(value)}, {ExplanationText.Compared(value, usual, around)}, {Text.Figure(usual)}";
}

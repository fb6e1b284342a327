using System.Globalization;
using System.Text.Json.Nodes;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Look;
using Orleans.Tbptt.Client.Runs;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Tables;
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
            context.Terminal.Out.WriteLine(ToJson(replay, step).ToJsonString(ListCommand.Json));
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
                Place(replay, lane.Rows, lane.Times, one.Chunk.Start + one.Chunk.Uncounted, one.Chunk.Length - one.Chunk.Uncounted));
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
                    Text.Figure(figures.GradientNorm), Place(replay, piece.Rows, piece.Times, figures.Start, figures.Length));
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
        output.WriteLine(Conclusion(replay, step));
    }

    /// <summary>The rows with the largest part in the step's gradient.</summary>
    private static string Conclusion(RunReplay replay, StepExplanation step)
    {
        if (step.Lanes.Count == 0)
            return "no lane had work in this step";
        var lane = step.Lanes[0];
        var worst = lane.Pieces.OrderByDescending(piece => double.IsFinite(piece.Figures.GradientNorm)
            ? piece.Figures.GradientNorm : double.PositiveInfinity).ThenBy(piece => piece.Figures.Start).FirstOrDefault();
        string place = worst is null
            ? Place(replay, lane.Rows, lane.Times, lane.Figures.Chunk.Start, lane.Figures.Chunk.Length)
            : Place(replay, worst.Rows, worst.Times, worst.Figures.Start, worst.Figures.Length);
        return $"largest part: lane {lane.Figures.Lane}, sequence {lane.Figures.Chunk.Sequence + 1}, {place}";
    }

    private static string Compared(double value, double usual, int around)
    {
        string times = usual > 0 ? $"{(value / usual).ToString("G3", CultureInfo.InvariantCulture)} times" : "against";
        return around == 0 ? Text.Figure(value)
            : $"{Text.Figure(value)}, {times} the median of {around} steps around it, {Text.Figure(usual)}";
    }

    /// <summary>Rows of a file, where they are known; else time steps of the sequence.</summary>
    private static string Place(RunReplay replay, SourceRows? rows, (string First, string Last)? times, int start, int length)
    {
        var source = replay.Spec.Data.Source;
        string when = times is var (first, last) ? $" ({first} to {last})" : "";
        if (rows is not { } found)
            return $"time steps {Text.Count(start + 1)} to {Text.Count(start + length)}{when}";
        string noun = source is TableSource ? "rows" : source.Word == "bytes" ? "bytes" : "positions";
        string file = source.Paths is [var only] ? $" of {Path.GetFileName(only)}" : "";
        return $"{noun} {Text.Count(found.First)} to {Text.Count(found.Last)}{(found.Series is { } series ? $" of series {series}" : "")}"
            + $"{file}{when}";
    }

    private static JsonObject ToJson(RunReplay replay, StepExplanation step) => new()
    {
        ["run"] = replay.Run.Id.Text,
        ["step"] = step.Step,
        ["epoch"] = step.Epoch,
        ["loss"] = ReplayedState.Number(step.Loss),
        ["usualLoss"] = ReplayedState.Number(step.UsualLoss),
        ["gradientNorm"] = ReplayedState.Number(step.GradientNorm),
        ["usualGradientNorm"] = ReplayedState.Number(step.UsualNorm),
        ["around"] = new JsonArray([.. step.Around.Select(one => (JsonNode)one)]),
        ["files"] = new JsonArray([.. replay.Spec.Data.Source.Paths.Select(path => (JsonNode)path)]),
        ["lanes"] = new JsonArray([.. step.Lanes.Select(lane => new JsonObject
        {
            ["lane"] = lane.Figures.Lane,
            ["sequence"] = lane.Figures.Chunk.Sequence,
            ["start"] = lane.Figures.Chunk.Start,
            ["length"] = lane.Figures.Chunk.Length,
            ["share"] = ReplayedState.Number(lane.Figures.Share),
            ["gradientNorm"] = ReplayedState.Number(lane.Figures.GradientNorm),
            ["usualGradientNorm"] = ReplayedState.Number(lane.UsualNorm),
            ["loss"] = ReplayedState.Number(lane.Figures.Loss),
            ["usualLoss"] = ReplayedState.Number(lane.UsualLoss),
            ["weight"] = lane.Figures.Weight,
            ["rows"] = Rows(lane.Rows),
            ["times"] = Times(lane.Times),
            ["parts"] = new JsonArray([.. lane.Pieces.Select(piece => new JsonObject
            {
                ["start"] = piece.Figures.Start,
                ["length"] = piece.Figures.Length,
                ["loss"] = ReplayedState.Number(piece.Figures.Loss),
                ["gradientNorm"] = ReplayedState.Number(piece.Figures.GradientNorm),
                ["rows"] = Rows(piece.Rows),
                ["times"] = Times(piece.Times),
            })]),
        })]),
        ["lags"] = new JsonArray([.. step.Lags.Select(lag => new JsonObject { ["name"] = lag.Name, ["share"] = lag.Value })]),
    };

    private static JsonObject? Rows(SourceRows? rows) => rows is not { } found ? null
        : new() { ["series"] = found.Series, ["first"] = found.First, ["last"] = found.Last };

    private static JsonArray? Times((string First, string Last)? times) => times is var (first, last) ? [first, last] : null;
}

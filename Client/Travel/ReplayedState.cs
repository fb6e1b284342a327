using System.Globalization;
using System.Text.Json.Nodes;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Training.Replay;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Client.Travel;

/// <summary>What is to be said of a state that was computed again.</summary>
/// <param name="replay">The run, at the state.</param>
/// <param name="computed">How many steps were computed.</param>
/// <param name="outcome">The last one; null where none was.</param>
/// <param name="published">The step as the run published it; null where its journal does not have it.</param>
/// <param name="problem">Why the journal could not be read; null where it could.</param>
internal sealed class ReplayedState(
    RunReplay replay, int computed, StepOutcome.Committed? outcome, StepCommitted? published, string? problem = null)
{
    private const string Equal = "equal to what the run published";

    /// <summary>How the step differs from the published one, and what that means; null where it does not.</summary>
    public string? Difference => published is null || outcome is null || IsSame ? null
        : $"step {published.Step} of run {replay.Run.Id}: found a loss of {Exact(outcome.Loss)}, a gradient norm of "
            + $"{Exact(outcome.GradientNorm)} and state {Hash}, expected {Exact(published.Loss)}, {Exact(published.GradientNorm)} and "
            + $"{published.StateHash?.ToString() ?? "any"}, which the run published: a file of the run was changed, or memory or a "
            + "processor has erred, here or then; 'tbptt at' with an earlier --step finds the first step that differs";

    /// <summary>Why the step is not compared with what the run published; null where it is, or where no step was computed.</summary>
    private string? NotCompared => published is not null || outcome is null ? null
        : problem ?? $"the run published no event of step {replay.State.Step}";

    private bool IsSame => published is not null && outcome is not null && IsBitEqual(published.Loss, outcome.Loss)
        && IsBitEqual(published.GradientNorm, outcome.GradientNorm) && IsBitEqual(published.LearningRate, outcome.LearningRate)
        && (published.StateHash is null || published.StateHash == Hash);

    /// <summary>Of the state as it was committed, before the end of an epoch that a caller may have it reach later.</summary>
    private StateHash Hash { get; } = replay.State.Hash();

    private string Sha256 => ReplayedModel.HashOf(RunOutput.Of(replay.State).Parameters);

    /// <summary>Prints it.</summary>
    public void Write(TextWriter output, RunStatus status)
    {
        var (state, next) = (replay.State, replay.Next);
        void Line(string name, string value) => output.WriteLine($"{name,-9}{value}");
        Line("run", replay.Run.Id.Text);
        Line("step", $"{Text.Count(state.Step)} of {Text.Count(Math.Max(status.Step, state.Step))}: epoch {next.Epoch + 1}, "
            + $"{Text.Count(next.Chunk)} of {Text.Count(replay.ChunksOf(next.Epoch))} chunks trained on");
        Line("from", $"{(replay.From is { } checkpoint ? $"checkpoint {checkpoint}" : "the run's first state")}: "
            + $"{Text.Plural(computed, "step")} computed again");
        if ((outcome is null ? published?.Loss : outcome.Loss) is { } loss)
            Line("loss", $"{Text.Figure(loss)}{(outcome is null ? " as published" : IsSame ? $", {Equal}" : "")}");
        if (outcome is not null)
        {
            Line("gradient", outcome.DifferenceNorm is { } difference ? $"norm of the round's difference {Text.Figure(difference)}"
                : $"norm {Text.Figure(outcome.GradientNorm)}, learning rate {Text.Figure(outcome.LearningRate)}");
        }

        Line("norms", $"parameters {Text.Figure(NormOf(state.Parameters))}, hidden state {Text.Figure(NormOf(state.Hidden))}");
        Line("state", $"{Hash}{(published?.StateHash == Hash ? $", {Equal}" : "")}");
        Line("weights", $"sha256 {Sha256}");
        if (NotCompared is { } reason)
            output.WriteLine($"not compared: {reason}");
    }

    /// <summary>The same as JSON.</summary>
    public JsonObject ToJson() => new()
    {
        ["run"] = replay.Run.Id.Text,
        ["step"] = replay.State.Step,
        ["epoch"] = replay.Next.Epoch + 1,
        ["chunk"] = replay.Next.Chunk,
        ["from"] = replay.From?.ToString(),
        ["computed"] = computed,
        ["loss"] = Number(outcome?.Loss ?? published?.Loss),
        ["gradientNorm"] = Number(outcome?.GradientNorm ?? published?.GradientNorm),
        ["learningRate"] = Number(outcome?.LearningRate ?? published?.LearningRate),
        ["stateHash"] = Hash.ToString(),
        ["equal"] = published is null || outcome is null ? null : IsSame,
        ["notCompared"] = NotCompared,
        ["parameterNorm"] = Number(NormOf(replay.State.Parameters)),
        ["hiddenNorm"] = Number(NormOf(replay.State.Hidden)),
        ["weightsSha256"] = Sha256,
    };

    private static double NormOf(ReadOnlySpan<float> values)
    {
        double sum = 0;
        foreach (float value in values)
            sum += (double)value * value;
        return Math.Sqrt(sum);
    }

    /// <summary>A number as JSON; null where it is not finite.</summary>
    public static JsonNode? Number(double? value) => value is { } number && double.IsFinite(number) ? number : null;

    private static bool IsBitEqual(double one, double other) =>
        BitConverter.DoubleToInt64Bits(one) == BitConverter.DoubleToInt64Bits(other) || (double.IsNaN(one) && double.IsNaN(other));

    private static string Exact(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}

using System.Text.Json.Nodes;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Explaining;

/// <summary>What is behind a step as JSON; null for what is not finite.</summary>
public static class ExplanationJson
{
    /// <summary>Makes it.</summary>
    /// <param name="run">The run.</param>
    /// <param name="spec">Its spec.</param>
    /// <param name="step">What is behind the step.</param>
    public static JsonObject Of(RunId run, RunSpec spec, StepExplanation step)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(step);
        return new()
        {
            ["run"] = run.Text,
            ["step"] = step.Step,
            ["epoch"] = step.Epoch,
            ["loss"] = Number(step.Loss),
            ["usualLoss"] = Number(step.UsualLoss),
            ["gradientNorm"] = Number(step.GradientNorm),
            ["usualGradientNorm"] = Number(step.UsualNorm),
            ["around"] = new JsonArray([.. step.Around.Select(one => (JsonNode)one)]),
            ["files"] = new JsonArray([.. spec.Data.Source.Paths.Select(path => (JsonNode)path)]),
            ["lanes"] = new JsonArray([.. step.Lanes.Select(Lane)]),
            ["lags"] = new JsonArray([.. step.Lags.Select(lag => new JsonObject { ["name"] = lag.Name, ["share"] = lag.Value })]),
        };
    }

    private static JsonObject Lane(LaneExplanation lane) => new()
    {
        ["lane"] = lane.Figures.Lane,
        ["sequence"] = lane.Figures.Chunk.Sequence,
        ["start"] = lane.Figures.Chunk.Start,
        ["length"] = lane.Figures.Chunk.Length,
        ["share"] = Number(lane.Figures.Share),
        ["gradientNorm"] = Number(lane.Figures.GradientNorm),
        ["usualGradientNorm"] = Number(lane.UsualNorm),
        ["loss"] = Number(lane.Figures.Loss),
        ["usualLoss"] = Number(lane.UsualLoss),
        ["weight"] = lane.Figures.Weight,
        ["rows"] = Rows(lane.Rows),
        ["times"] = Times(lane.Times),
        ["parts"] = new JsonArray([.. lane.Pieces.Select(piece => new JsonObject
        {
            ["start"] = piece.Figures.Start,
            ["length"] = piece.Figures.Length,
            ["loss"] = Number(piece.Figures.Loss),
            ["gradientNorm"] = Number(piece.Figures.GradientNorm),
            ["rows"] = Rows(piece.Rows),
            ["times"] = Times(piece.Times),
        })]),
    };

    private static JsonNode? Number(double value) => double.IsFinite(value) ? value : null;

    private static JsonObject? Rows(SourceRows? rows) => rows is not { } found ? null
        : new() { ["series"] = found.Series, ["first"] = found.First, ["last"] = found.Last };

    private static JsonArray? Times((string First, string Last)? times) => times is var (first, last) ? [first, last] : null;
}

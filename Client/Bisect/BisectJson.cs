using System.Text.Json.Nodes;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Training.Bisecting;
using Orleans.Tbptt.Training.Verifying;

namespace Orleans.Tbptt.Client.Bisect;

/// <summary>What is behind the first unlike step of two runs, as JSON.</summary>
internal static class BisectJson
{
    /// <summary>Writes it.</summary>
    public static JsonObject Of(BisectedRun a, BisectedRun b, Bisected found, IReadOnlyList<UnlikeFile> files) => new()
    {
        ["a"] = Of(a),
        ["b"] = Of(b),
        ["verdict"] = char.ToLowerInvariant($"{found.Verdict}"[0]) + $"{found.Verdict}"[1..],
        ["equal"] = found.Verdict == BisectVerdict.Equal,
        ["first"] = found.First,
        ["last"] = found.Last,
        ["compared"] = found.Compared,
        ["hashes"] = found.Hashes,
        ["equalTo"] = found.EqualTo,
        ["step"] = found.Step,
        ["epoch"] = found.Epoch,
        ["published"] = Pair(found.Published),
        ["outcome"] = Pair(found.Outcome),
        ["lanes"] = new JsonArray([.. found.Lanes.Select(Of)]),
        ["state"] = new JsonArray([.. found.State.Select(Of)]),
        ["notReproduced"] = new JsonObject { ["a"] = Of(found.A), ["b"] = Of(found.B) },
        ["reproduced"] = new JsonObject { ["a"] = Of(found.ReproducedA), ["b"] = Of(found.ReproducedB) },
        ["causes"] = new JsonArray([.. found.Causes.Select(cause => (JsonNode)cause)]),
        ["areTogether"] = found.AreTogether,
        ["dataTried"] = found.IsDataTried,
        ["keys"] = new JsonArray([.. found.Keys.Select(key => new JsonObject
        {
            ["key"] = key.Difference.Key, ["a"] = key.Difference.A, ["b"] = key.Difference.B, ["lineA"] = key.LineA, ["lineB"] = key.LineB,
            ["from"] = key.From,
        })]),
        ["files"] = new JsonArray([.. files.Select(file => new JsonObject
        {
            ["a"] = Of(file.A), ["b"] = Of(file.B), ["line"] = file.Where?.Line, ["byte"] = file.Where?.Byte, ["lineA"] = file.Where?.A,
            ["lineB"] = file.Where?.B,
        })]),
        ["replays"] = found.Replays,
        ["computed"] = found.Computed,
        ["problems"] = new JsonArray([.. found.Problems.Select(problem => (JsonNode)problem)]),
        ["why"] = new JsonArray([.. new BisectVerdictText(a, b, found).Lines().Select(line => (JsonNode)line)]),
    };

    private static JsonObject Of(BisectedRun run) => new()
    {
        ["run"] = run.Run.Id.Text, ["directory"] = run.Run.Path, ["steps"] = run.Status.Step, ["arithmetic"] = run.Status.Arithmetic,
        ["beginsWith"] = run.Fork?.ToString(),
    };

    private static JsonObject Of(UnlikeLane lane) => new()
    {
        ["lane"] = lane.Lane,
        ["a"] = Of(lane.A),
        ["b"] = Of(lane.B),
        ["data"] = lane.Data is not { } values ? null : new JsonObject
        {
            ["what"] = values.What, ["column"] = values.Column, ["a"] = values.A, ["b"] = values.B, ["timeStep"] = values.Step,
            ["rows"] = Of(values.Rows), ["unlike"] = values.Unlike,
        },
        ["gradient"] = new JsonArray([.. lane.Gradient.Select(Of)]),
    };

    private static JsonObject Of(LanePart part) => new()
    {
        ["sequence"] = part.Chunk.Sequence, ["start"] = part.Chunk.Start, ["length"] = part.Chunk.Length, ["rows"] = Of(part.Rows),
        ["lossSum"] = double.IsFinite(part.LossSum) ? part.LossSum : null, ["weight"] = part.Weight,
    };

    private static JsonObject Of(UnlikeTensor tensor) => new()
    {
        ["part"] = tensor.Part, ["name"] = tensor.Name, ["lane"] = tensor.Lane, ["layer"] = tensor.Layer,
        ["index"] = new JsonArray([.. tensor.Index.Select(i => (JsonNode)i)]), ["a"] = tensor.A, ["b"] = tensor.B,
        ["unlike"] = tensor.Unlike, ["length"] = tensor.Length,
    };

    private static JsonObject? Of(NotReproduced? wrong) => wrong is null ? null : new()
    {
        ["step"] = wrong.Difference.Step, ["earliest"] = wrong.Earliest, ["what"] = wrong.Difference.What,
        ["computed"] = wrong.Difference.Computed, ["published"] = wrong.Difference.Published, ["onlyPublished"] = wrong.IsOnlyPublished,
        ["computedFrom"] = wrong.ComputedFrom,
    };

    private static JsonObject? Of(Reproduced? steps) => steps is null ? null : new()
    {
        ["from"] = steps.From, ["to"] = steps.To, ["compared"] = steps.Compared, ["lastState"] = steps.LastState,
    };

    private static JsonObject? Of(DataFile? file) => file is null ? null
        : new() { ["path"] = file.Path, ["length"] = file.Length, ["sha256"] = file.Sha256 };

    private static JsonObject? Of(SourceRows? rows) => rows is not { } found ? null
        : new() { ["series"] = found.Series, ["first"] = found.First, ["last"] = found.Last };

    private static JsonObject? Pair(Unequal? unlike) => unlike is null ? null
        : new() { ["step"] = unlike.Step, ["what"] = unlike.What, ["a"] = unlike.Computed, ["b"] = unlike.Published };
}

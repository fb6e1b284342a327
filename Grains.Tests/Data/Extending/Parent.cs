using System.Globalization;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Writing;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training;

namespace Orleans.Tbptt.Tests.Data.Extending;

/// <summary>The files of a run that was never trained, as far as a run that extends it reads them before it trains.</summary>
internal static class Parent
{
    /// <summary>Writes them.</summary>
    /// <param name="store">Their run store.</param>
    /// <param name="spec">What was trained.</param>
    /// <param name="chunk">Where its checkpoint was taken; 0 for an epoch's end.</param>
    /// <returns>The spec of a run that extends it, on the same data, in one lane where they are one stream.</returns>
    public static RunSpec Write(TemporaryDirectory store, RunSpec spec, long chunk = 0)
    {
        using var prepared = PreparedRun.Prepare(spec, reader: SpecLoader.Reader);
        long step = prepared.Description.Lanes.StepsPerEpoch;
        var run = new RunDirectory(store.Path, RunId.Parse(string.Create(CultureInfo.InvariantCulture, $"parent-{step}")));
        string checkpoint = Path.Combine(run.Checkpoints, string.Create(CultureInfo.InvariantCulture, $"1-{step}"));
        Directory.CreateDirectory(checkpoint);
        File.WriteAllText(run.Spec, SpecWriter.ToYaml(prepared.Spec));
        File.WriteAllText(run.Data, RunJson.Write(new RunData(prepared.Files, prepared.Description)));
        File.WriteAllText(Path.Combine(checkpoint, "state.json"), RunJson.Write(new CheckpointState
        {
            Run = run.Id.Text, Step = step, Generation = 1, Epoch = 1, Chunk = chunk, SequenceSteps = 0, LastEvent = 0, EpochLosses = [1],
            ValidationLosses = [], Metrics = [], Device = "cpu", Data = prepared.Files, SpecHash = SpecHash.Of(prepared.Spec),
        }));
        return prepared.Spec with
        {
            Extends = new() { Checkpoint = checkpoint },
            Data = prepared.Spec.Data.IsStream ? prepared.Spec.Data with { BatchSize = 1 } : prepared.Spec.Data,
        };
    }

    /// <summary>Opens a run that extends another one.</summary>
    public static PreparedRun Open(RunSpec spec) => PreparedRun.Prepare(spec, reader: SpecLoader.Reader);

    /// <summary>The one problem that keeps it from being opened.</summary>
    public static string Problem(RunSpec spec) =>
        Assert.Single(Assert.Throws<SpecException>(() => Open(spec).Dispose()).Problems).ToString();

    /// <summary>The same with chunks that are trained on again.</summary>
    public static RunSpec Replaying(this RunSpec spec, int chunks) => spec with { Extends = spec.Extends! with { Replay = chunks } };
}

using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Sweeps;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Sweeps;

/// <summary>Submits sweeps over a small spec, and waits for their ends.</summary>
internal static class SweepRuns
{
    /// <summary>Nine trials of three rungs: 1, 3 and 9 epochs.</summary>
    public const string Halving = """
        seed: 5
        spec: base.yaml
        parameters:
          train.optimizer.lr: {logUniform: [1e-3, 3e-1]}
          model.hiddenSize: [4, 6]
        strategy: {name: random, trials: 9}
        halving: {first: 1, factor: 3}
        parallel: 3
        """;

    public static RunSpec Base(int epochs = 9) => TestSpecs.Average(trainers: 1, epochs: epochs, validationFraction: 0.2);

    /// <summary>Submits a sweep, and fails the test when it is refused.</summary>
    public static async Task<ISweepGrain> SubmitSweep(this TestSilos silos, string id, string yaml, RunSpec spec)
    {
        var text = new SweepText(new(yaml, "sweep.yaml", "/"), spec.Written());
        var reply = await silos.Grains.GetGrain<ISweepCatalogGrain>(0).Submit(
            new(RunId.Parse(id), text, Protocol: ProtocolVersion.Current));
        Assert.Empty(reply.Problems);
        return silos.Grains.GetGrain<ISweepGrain>(id);
    }

    /// <summary>Waits for a sweep's end.</summary>
    public static Task<SweepStatus> End(this ISweepGrain sweep) => sweep.Until(status => status.HasEnded);

    /// <summary>Asks for a sweep's status until it is as it should be.</summary>
    public static async Task<SweepStatus> Until(this ISweepGrain sweep, Func<SweepStatus, bool> isIt)
    {
        while (true)
        {
            var status = await sweep.GetStatus();
            if (isIt(status))
                return status;
            await Task.Delay(TimeSpan.FromMilliseconds(20), TestContext.Current.CancellationToken);
        }
    }

    /// <summary>What a sweep has decided, to the byte.</summary>
    public static string Decisions(this TestSilos silos, string id) =>
        File.ReadAllText(new SweepDirectory(silos.Store, RunId.Parse(id)).Decisions);
}

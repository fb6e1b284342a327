using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Tests.Support;

/// <summary>Submits runs to a cluster's catalog.</summary>
internal static class Submission
{
    /// <summary>Submits a run and fails the test when it is refused.</summary>
    /// <param name="grains">The cluster's grains.</param>
    /// <param name="spec">What to train.</param>
    /// <param name="number">Makes the run's ID, together with the spec's name.</param>
    /// <param name="priority">Higher goes first.</param>
    public static async Task<RunId> Submit(this IGrainFactory grains, RunSpec spec, int number, int priority = 0)
    {
        var run = RunId.Parse($"{spec.Name}-{number}");
        var reply = await grains.GetGrain<ICatalogGrain>(0).Submit(
            new(run, spec.Written(), Priority: priority, Protocol: ProtocolVersion.Current));
        Assert.Empty(reply.Problems);
        return run;
    }
}

using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Chaos.Harness;

namespace Orleans.Tbptt.Tests.Chaos;

/// <summary>Specs of runs that are taken over from checkpoints.</summary>
internal static class RecoverySpecs
{
    /// <summary>A checkpoint every so many steps, and none by time: what a takeover repeats is bounded by them.</summary>
    public const int CheckpointSteps = 40;

    private static readonly string[] BySteps = [$"checkpoint.everySteps={CheckpointSteps}", "checkpoint.everySeconds=0"];
    private static readonly Lazy<RunSpec> LazyStandard = new(() => With());

    /// <summary><see cref="ChaosSpecs.Standard"/> with checkpoints by steps. The bits are the same.</summary>
    public static RunSpec Standard => LazyStandard.Value;

    /// <summary><see cref="Standard"/>, changed.</summary>
    public static RunSpec With(params string[] sets) => ChaosSpecs.With([.. BySteps, .. sets]);

    /// <summary><see cref="Standard"/>, some times as long, and changed.</summary>
    public static RunSpec Longer(double factor, params string[] sets) => ChaosSpecs.Longer(factor, [.. BySteps, .. sets]);

    /// <summary><see cref="Standard"/> on an engine.</summary>
    public static RunSpec On(string engine) => ChaosSpecs.On(engine, BySteps);
}

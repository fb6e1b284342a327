namespace Orleans.Tbptt.Training.Engines;

/// <summary>
/// Every engine that a spec can name; the first is the default, which takes the first other one that computes on a device.
/// </summary>
public static class ComputeEngines
{
    /// <summary>The list.</summary>
    public static IReadOnlyList<Engine> All { get; } = [new AutoEngine(), new FusedEngine(), new LibtorchEngine()];
}

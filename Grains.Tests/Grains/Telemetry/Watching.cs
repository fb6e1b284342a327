namespace Orleans.Tbptt.Tests.Grains.Telemetry;

/// <summary>
/// Tests that listen to a source that belongs to the whole process, or count what nobody's listening costs: nothing may run beside them.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Watching
{
    public const string Name = "watching";
}

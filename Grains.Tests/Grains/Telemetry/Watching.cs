namespace Orleans.Tbptt.Tests.Grains.Telemetry;

/// <summary>
/// Tests that listen to a source that belongs to the whole process, or count what an idle listener costs: nothing may run at the same time.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Watching
{
    public const string Name = "watching";
}

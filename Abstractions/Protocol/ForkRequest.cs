using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Protocol;

/// <summary>Asks for a run that begins with a state of another one, the parent, with some keys of its spec changed.</summary>
/// <param name="Run">The id it shall have.</param>
/// <param name="Parent">The parent.</param>
/// <param name="Step">The committed steps of the state.</param>
/// <param name="Sets">The changes, as <c>key=value</c>.</param>
/// <param name="Priority">Where slots are scarce, runs of higher priority go first; −100 to 100.</param>
/// <param name="Protocol">What the client speaks, <see cref="ProtocolVersion.Current"/>; 0 from a client too old to say.</param>
[GenerateSerializer, Immutable, Alias("tbptt.ForkRequest")]
public sealed record ForkRequest(
    [property: Id(0)] RunId Run, [property: Id(1)] RunId Parent, [property: Id(2)] long Step, [property: Id(3)] IReadOnlyList<string> Sets,
    [property: Id(4)] int Priority = 0, [property: Id(5)] int Protocol = 0)
{
    /// <summary>The sweep whose trial the run is; empty for none.</summary>
    [Id(6)] public string Sweep { get; init; } = "";
}

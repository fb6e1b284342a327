using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Train;

/// <summary>The arguments of <c>tbptt train</c>.</summary>
internal sealed record TrainRequest
{
    /// <summary>The spec's file.</summary>
    public required string Spec { get; init; }

    /// <summary><c>key=value</c> pairs that override values of the file.</summary>
    public IReadOnlyList<string> Sets { get; init; } = [];

    /// <summary>How many silo processes.</summary>
    public int Silos { get; init; } = 1;

    /// <summary>How the run is shown.</summary>
    public OutputMode Output { get; init; }

    /// <summary>The run store, and the cluster to join; where none is named, silos are started.</summary>
    public required ClusterSelection Cluster { get; init; }

    /// <summary>The run's ID; null for one made of the spec's name and the time.</summary>
    public RunId? Id { get; init; }

    /// <summary>Whether the run continues after the console has ended.</summary>
    public bool Detach { get; init; }
}

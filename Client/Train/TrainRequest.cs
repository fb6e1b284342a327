using Orleans.Tbptt.Client.Connecting;

namespace Orleans.Tbptt.Client.Train;

/// <summary>How a run is shown.</summary>
internal enum OutputMode
{
    /// <summary><see cref="Live"/> at a terminal, otherwise <see cref="Plain"/>.</summary>
    Auto,

    /// <summary>One screen that follows the run.</summary>
    Live,

    /// <summary>A few lines.</summary>
    Plain,

    /// <summary>The events as JSON, one a line.</summary>
    Json,
}

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

    /// <summary>Whether the run continues after the console has ended.</summary>
    public bool Detach { get; init; }
}

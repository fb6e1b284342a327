namespace Orleans.Tbptt.Client.Cluster;

/// <summary>A silo to serve a model with.</summary>
/// <param name="Runs">The run store.</param>
/// <param name="Name">The model's name.</param>
/// <param name="Package">The package's directory; null where the name is a run's.</param>
/// <param name="Http">Where the silo listens: <c>[address:]port</c>.</param>
internal sealed record ServePlan(string Runs, string Name, string? Package, string Http)
{
    /// <summary>The cluster's ID. No run's: a capital letter begins it.</summary>
    public string ClusterId => $"Serve-{Name}";

    /// <summary>Receives each line of the spans and metrics that the silo writes as text; null where it writes none.</summary>
    public Action<string>? Telemetry { get; init; }
}

/// <summary>A silo that serves a model, and ends with the console.</summary>
internal interface IServingSilo : IAsyncDisposable
{
    /// <summary>Its process.</summary>
    int Pid { get; }

    /// <summary>Its address, with a slash at the end.</summary>
    string Page { get; }

    /// <summary>Completes, with the cause, when it has ended.</summary>
    Task<string> Ended { get; }

    /// <summary>Asks it to end; kills it when that takes longer than 2 s.</summary>
    Task EndAsync();

    /// <summary>Ends it at once.</summary>
    void Kill();
}

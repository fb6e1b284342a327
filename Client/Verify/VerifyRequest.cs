namespace Orleans.Tbptt.Client.Verify;

/// <summary>What is to be verified.</summary>
/// <param name="Runs">The run store.</param>
/// <param name="Name">A run's ID or a part of it, its directory, or a package's directory.</param>
internal sealed record VerifyRequest(string Runs, string Name)
{
    /// <summary>The step of the state to compute from; null for the run's first one.</summary>
    public long? From { get; init; }

    /// <summary>The last step to compute; null for the run's last one.</summary>
    public long? To { get; init; }

    /// <summary>The directory in which the data lie by their names; null where they lie where the spec says.</summary>
    public string? DataRoot { get; init; }

    /// <summary>Where to write a statement; null for none.</summary>
    public string? Statement { get; init; }

    /// <summary>The file of the key to sign it by.</summary>
    public string? Key { get; init; }

    /// <summary>Whether that key is to be made.</summary>
    public bool NewKey { get; init; }

    /// <summary>Whether a statement that exists is replaced.</summary>
    public bool Force { get; init; }

    /// <summary>Whether the result is printed as JSON.</summary>
    public bool Json { get; init; }
}

namespace Orleans.Tbptt.Client.Statements;

/// <summary>Which statement is checked, and by what.</summary>
/// <param name="Runs">The run store.</param>
/// <param name="Path">The statement.</param>
internal sealed record StatementRequest(string Runs, string Path)
{
    /// <summary>The file of the key that has to have signed it; null where it is not known.</summary>
    public string? PublicKey { get; init; }

    /// <summary>A run's ID or a part of it, a run's or a package's directory, or a file of weights; null where there is none.</summary>
    public string? Model { get; init; }

    /// <summary>The directory in which the data lie by their names; null where they are not to be looked at.</summary>
    public string? DataRoot { get; init; }
}

namespace Orleans.Tbptt.Client.Init;

/// <summary>What <c>tbptt init</c> is to write.</summary>
internal sealed record InitRequest
{
    /// <summary>The file of data; null with <see cref="Example"/>.</summary>
    public string? Data { get; init; }

    /// <summary>The spec's file; null for the data's or the example's name in the working directory.</summary>
    public string? Spec { get; init; }

    /// <summary>One of <see cref="Examples.Names"/>; null for none.</summary>
    public string? Example { get; init; }

    /// <summary>Whether files that exist may be overwritten.</summary>
    public bool Force { get; init; }
}

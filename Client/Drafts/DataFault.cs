namespace Orleans.Tbptt.Client.Drafts;

/// <summary>Why no spec can be drafted for a file as it is.</summary>
/// <param name="Found">What the file holds.</param>
/// <param name="Expected">What was expected.</param>
/// <param name="Remedy">What to do.</param>
internal sealed record DataFault(string Found, string Expected, string Remedy);

/// <summary>A file for which no spec can be drafted.</summary>
/// <param name="path">The file.</param>
/// <param name="faults">Every fault that was found.</param>
internal sealed class DataFaultException(string path, params IReadOnlyList<DataFault> faults)
    : Exception($"{path}: {string.Join("; ", faults.Select(fault => fault.Found))}")
{
    /// <summary>Every fault that was found.</summary>
    public IReadOnlyList<DataFault> Faults { get; } = faults;
}

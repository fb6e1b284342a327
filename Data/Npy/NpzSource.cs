using Orleans.Tbptt.Data.Problems;

namespace Orleans.Tbptt.Data.Npy;

/// <summary>NumPy arrays in one archive, as <c>numpy.savez</c> and <c>numpy.savez_compressed</c> write.</summary>
public sealed record NpzSource : NamedArraySource
{
    /// <inheritdoc/>
    public override string Word => "npz";

    /// <inheritdoc/>
    public override string About => "an archive of NumPy arrays named inputs, targets and, if there are any, lengths and mask";

    /// <inheritdoc/>
    public override string Form => "npz:FILE";

    /// <inheritdoc/>
    protected override string FileNoun => "a NumPy archive";

    /// <inheritdoc/>
    protected override string ArrayNoun => "array";

    internal override ArrayContainer? TryOpenContainer(string path, ProblemList problems) =>
        InputFile.TryOpen(path, problems) is { } file ? NpzFile.Open(file, path) : null;
}

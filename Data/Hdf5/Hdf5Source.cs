using Orleans.Tbptt.Data.Npy;
using Orleans.Tbptt.Data.Problems;

namespace Orleans.Tbptt.Data.Hdf5;

/// <summary>Datasets of an HDF5 file, as h5py, MATLAB and the HDF5 library write them.</summary>
public sealed record Hdf5Source : NamedArraySource
{
    /// <inheritdoc/>
    public override string Word => "hdf5";

    /// <inheritdoc/>
    public override string About => "datasets of an HDF5 file named inputs, targets and, if there are any, lengths and mask";

    /// <inheritdoc/>
    public override string Form => "hdf5:FILE";

    /// <inheritdoc/>
    protected override string FileNoun => "an HDF5 file";

    /// <inheritdoc/>
    protected override string ArrayNoun => "dataset";

    internal override ArrayContainer? TryOpenContainer(string path, ProblemList problems) =>
        InputFile.TryOpen(path, problems) is { } file ? Hdf5File.Open(file, path) : null;
}

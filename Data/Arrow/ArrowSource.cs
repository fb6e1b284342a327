using Orleans.Tbptt.Data.Tables;

namespace Orleans.Tbptt.Data.Arrow;

/// <summary>A file in Arrow's IPC format, of a file or a stream, such as Feather's second version, as one table.</summary>
public sealed record ArrowSource : TableSource
{
    /// <inheritdoc/>
    public override string Word => "arrow";

    /// <inheritdoc/>
    public override string About => "an Arrow or Feather file, one row a time step, as one long stream";

    /// <inheritdoc/>
    protected override string FileNoun => "an Arrow file";

    internal override TableReader OpenTable(string path) => new ArrowTableReader(Path, path);
}

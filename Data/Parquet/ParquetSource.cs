using Orleans.Tbptt.Data.Tables;

namespace Orleans.Tbptt.Data.Parquet;

/// <summary>A Parquet file as one table, read by column and row group.</summary>
public sealed record ParquetSource : TableSource
{
    /// <inheritdoc/>
    public override string Word => "parquet";

    /// <inheritdoc/>
    public override string About => "a Parquet file, one row a time step, as one long stream";

    /// <inheritdoc/>
    protected override string FileNoun => "a Parquet file";

    internal override TableReader OpenTable(string path) => new ParquetTableReader(Path, path);
}

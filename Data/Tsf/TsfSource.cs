using Orleans.Tbptt.Data.Tables;

namespace Orleans.Tbptt.Data.Tsf;

/// <summary>A file of time series in the format of the Monash forecasting archive, as one table in long format.</summary>
public sealed record TsfSource : TableSource
{
    /// <inheritdoc/>
    public override string Word => "tsf";

    /// <inheritdoc/>
    public override string About => "series of the Monash archive: their attributes, `time` and `value` as columns, a row a time step";

    /// <inheritdoc/>
    protected override string FileNoun => "a .tsf file";

    internal override TableReader OpenTable(string path) => new TsfReader(Path, path, Series is not null);
}

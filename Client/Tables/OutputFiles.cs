namespace Orleans.Tbptt.Client.Tables;

/// <summary>A format of tables.</summary>
internal interface IOutputFiles
{
    /// <summary>Creates a table's file.</summary>
    IOutputTable<T> Create<T>(string path, IReadOnlyList<OutputColumn<T>> columns);
}

/// <summary>Comma-separated values.</summary>
internal sealed class CsvFiles : IOutputFiles
{
    /// <inheritdoc/>
    public IOutputTable<T> Create<T>(string path, IReadOnlyList<OutputColumn<T>> columns) =>
        new CsvTable<T>(new StreamWriter(path) { NewLine = "\n" }, columns);
}

/// <summary>Parquet.</summary>
internal sealed class ParquetFiles : IOutputFiles
{
    /// <inheritdoc/>
    public IOutputTable<T> Create<T>(string path, IReadOnlyList<OutputColumn<T>> columns) => new ParquetTable<T>(path, columns);
}

/// <summary>JSON Lines: an object a row.</summary>
internal sealed class JsonLinesFiles : IOutputFiles
{
    /// <inheritdoc/>
    public IOutputTable<T> Create<T>(string path, IReadOnlyList<OutputColumn<T>> columns) =>
        new JsonLinesTable<T>(File.Create(path), columns);
}

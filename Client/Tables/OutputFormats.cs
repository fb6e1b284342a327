using Orleans.Tbptt.Cluster.Wording;

namespace Orleans.Tbptt.Client.Tables;

/// <summary>Formats of tables by the extensions of their files.</summary>
internal static class OutputFormats
{
    private static readonly (string Extension, IOutputFiles Files)[] All =
        [(".csv", new CsvFiles()), (".jsonl", new JsonLinesFiles()), (".parquet", new ParquetFiles())];

    /// <summary>Whether a file is a NumPy array.</summary>
    public static bool IsArray(string path) =>
        string.Equals(Path.GetExtension(path), NpyTable<object>.Extension, StringComparison.OrdinalIgnoreCase);

    /// <summary>The format of the file that <c>--output</c> names.</summary>
    /// <param name="path">The file.</param>
    /// <param name="others">What else may be named, for the message.</param>
    /// <exception cref="ClientException">No format has its extension.</exception>
    public static IOutputFiles Of(string path, string others = "") =>
        All.FirstOrDefault(
            format => string.Equals(format.Extension, Path.GetExtension(path), StringComparison.OrdinalIgnoreCase)).Files
        ?? throw new ClientException(
            $"--output: found '{Text.OneLine(path)}', expected a name that ends in "
            + $"{string.Join(", ", All.Select(one => one.Extension))}{others}", ExitCode.Usage);
}

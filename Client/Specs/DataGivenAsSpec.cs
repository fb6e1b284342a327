using System.Text.RegularExpressions;
using Orleans.Tbptt.Cluster.Wording;

namespace Orleans.Tbptt.Client.Specs;

/// <summary>A data file where a spec is expected. The message shows a small spec that reads it.</summary>
internal static partial class DataGivenAsSpec
{
    /// <summary>Characters of a file in which the sections of a spec are looked for.</summary>
    private const int Head = 4096;

    private const string Manual = "docs/run-spec.md lists every key.";

    private const string Forecast = "train: {epochs: 10, loss: mse, optimizer: {name: adam, lr: 1e-3}}";

    /// <summary>Refuses a file that is data by its name, and has no section of a spec at its start.</summary>
    /// <exception cref="ClientException">It is data; several lines.</exception>
    public static void Refuse(string path)
    {
        string kind = Path.GetExtension(path).ToLowerInvariant();
        if (Advice(kind, path) is { } advice && File.Exists(path) && !SectionOfASpec().IsMatch(Start(path)))
            throw new ClientException($"{Text.OneLine(path)}: found data ({kind}), expected a run spec in YAML or JSON; {advice}",
                ExitCode.BadSpec);
    }

    private static string? Advice(string kind, string path) => kind switch
    {
        ".csv" => Spec(path,
            $"""
            model: {Braces("hiddenSize: 32")}
            data:
              source: {Source("csv:", path)}
              batchSize: 8
            tbptt: {Braces("chunkLength: 24")}
            {Forecast}
            """),
        ".npy" => Spec(path,
            $"""
            model: {Braces("hiddenSize: 32")}
            data:
              source: {Source("npy:", path, ",TARGETS.npy")}    # TARGETS.npy: the array of the targets
              batchSize: 8
            tbptt: {Braces("chunkLength: 24")}
            {Forecast}
            """),
        ".txt" => Spec(path,
            $"""
            model: {Braces("hiddenSize: 128, embedding: {size: 32}")}
            data:
              source: {Source("bytes:", path)}
              batchSize: 8
            tbptt: {Braces("chunkLength: 50")}
            {Forecast.Replace("mse", "cross_entropy", StringComparison.Ordinal)}
            """),
        ".parquet" or ".npz" or ".tsv" or ".h5" or ".hdf5" =>
            $"no source reads this format: convert it to .csv or .npy, and name that as data.source. {Manual}",
        _ => null,
    };

    private static string Spec(string path, string spec)
    {
        string name = $"{Text.OneLine(Path.GetFileNameWithoutExtension(path))}.yaml";
        return $"save this as {name}, then: tbptt train {name}\n\n{spec.ReplaceLineEndings("\n")}\n\n{Manual}";
    }

    private static string Braces(string keys) => $"{{{keys}}}";

    /// <summary>A source as YAML: in quotes where its path could be read as something else.</summary>
    private static string Source(string word, string path, string more = "")
    {
        string source = $"{word}{Text.OneLine(path)}{more}";
        return PlainSource().IsMatch(source) ? source : $"'{source.Replace("'", "''", StringComparison.Ordinal)}'";
    }

    private static string Start(string path)
    {
        using var reader = new StreamReader(path);
        char[] start = new char[Head];
        return new(start, 0, reader.ReadBlock(start));
    }

    [GeneratedRegex("""^[ \t{]*"?(model|data|tbptt|train)"?[ \t]*:""", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex SectionOfASpec();

    [GeneratedRegex("^[A-Za-z0-9_./,:-]+$", RegexOptions.CultureInvariant)]
    private static partial Regex PlainSource();
}

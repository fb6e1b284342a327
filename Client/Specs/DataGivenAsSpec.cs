using System.Text.RegularExpressions;
using Orleans.Tbptt.Client.Drafts;
using Orleans.Tbptt.Cluster.Wording;

namespace Orleans.Tbptt.Client.Specs;

/// <summary>A data file where a spec is expected. The message says how to get a spec that reads it.</summary>
internal static partial class DataGivenAsSpec
{
    /// <summary>Characters of a file in which the sections of a spec are looked for.</summary>
    private const int Head = 4096;

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
        ".csv" or ".txt" or ".parquet" or ".arrow" or ".feather" or ".jsonl" or ".tsf" or ".npz" or ".h5" or ".hdf5" =>
            $"'tbptt init {Shell.Word(Text.OneLine(path))}' looks at it and writes a spec that trains on it",
        ".npy" => ArrayDraft.Advice(path),
        ".tsv" => $"name it as source: csv:{Text.OneLine(path)} with separator: tab in a spec. docs/run-spec.md lists every key.",
        _ => null,
    };

    private static string Start(string path)
    {
        using var reader = new StreamReader(path);
        char[] start = new char[Head];
        return new(start, 0, reader.ReadBlock(start));
    }

    [GeneratedRegex("""^[ \t{]*"?(model|data|tbptt|train)"?[ \t]*:""", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex SectionOfASpec();
}

using System.Reflection;
using System.Text;
using Orleans.Tbptt.Client.Drafts;

namespace Orleans.Tbptt.Client.Init;

/// <summary>The examples that the program carries along.</summary>
internal static class Examples
{
    private const string Schema = "# yaml-language-server: $schema=";

    /// <summary>Their names.</summary>
    public static IReadOnlyList<string> Names { get; } = ["average", "sunspots", "stores", "tides", "bytes", "words"];

    /// <summary>The files of an example, by their paths from the spec's directory; the spec's is empty.</summary>
    public static IReadOnlyList<(string Path, byte[] Bytes)> Files(string name) => name switch
    {
        "sunspots" or "stores" => [Data($"{name}.csv"), ("", Encoding.UTF8.GetBytes(Spec(name)))],
        "tides" => [Data("tides.parquet"), ("", Encoding.UTF8.GetBytes(Spec(name)))],
        "bytes" or "words" =>
            [("data/manual.txt", Encoding.UTF8.GetBytes(Manual())), ("", Encoding.UTF8.GetBytes(OfTheManual(Spec(name))))],
        _ => [("", Encoding.UTF8.GetBytes(Spec(name)))],
    };

    private static (string Path, byte[] Bytes) Data(string file) => ($"data/{file}", Resource($"examples/data/{file}"));

    /// <summary>The example's spec; its schema lies next to it.</summary>
    private static string Spec(string name)
    {
        string[] lines = Text($"examples/{name}.yaml").Split('\n');
        int schema = Array.FindIndex(lines, line => line.StartsWith(Schema, StringComparison.Ordinal));
        lines[schema] = Schema + SpecLines.SchemaFile;
        return string.Join('\n', lines);
    }

    /// <summary>In place of the project's sources, which only its own directory has.</summary>
    private static string OfTheManual(string spec) =>
        string.Join('\n', spec.Split('\n').Where(line => !line.Contains("exclude:", StringComparison.Ordinal))
        .Select(line => line.Contains("source:", StringComparison.Ordinal)
            ? $"  source: {Word(line)}:data/manual.txt    # or a glob: {Word(line)}:**/*.txt" : line))
        .Replace("this project's C# files", "this program's documentation", StringComparison.Ordinal)
        .Replace("this project's documentation", "this program's documentation", StringComparison.Ordinal);

    private static string Word(string source) => source.Split(':')[1].Trim();

    private static string Manual() => string.Concat(Assembly.GetExecutingAssembly().GetManifestResourceNames()
        .Where(name => name.StartsWith("docs/", StringComparison.Ordinal)).Order(StringComparer.Ordinal).Select(Text));

    private static string Text(string name) => Encoding.UTF8.GetString(Resource(name));

    private static byte[] Resource(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"the program does not carry {name}");
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}

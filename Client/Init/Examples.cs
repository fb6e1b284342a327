using System.Reflection;
using Orleans.Tbptt.Client.Drafts;

namespace Orleans.Tbptt.Client.Init;

/// <summary>The examples that the program carries along.</summary>
internal static class Examples
{
    private const string Schema = "# yaml-language-server: $schema=";

    /// <summary>Their names.</summary>
    public static IReadOnlyList<string> Names { get; } = ["average", "sunspots", "bytes"];

    /// <summary>The files of an example, by their paths from the spec's directory; the spec's is empty.</summary>
    public static IReadOnlyList<(string Path, string Text)> Files(string name) => name switch
    {
        "sunspots" => [("data/sunspots.csv", Read("data/sunspots.csv")), ("", Spec(name))],
        "bytes" => [("data/manual.txt", Manual()), ("", OfTheManual(Spec(name)))],
        _ => [("", Spec(name))],
    };

    /// <summary>The example's spec; its schema lies next to it.</summary>
    private static string Spec(string name)
    {
        string[] lines = Read($"{name}.yaml").Split('\n');
        int schema = Array.FindIndex(lines, line => line.StartsWith(Schema, StringComparison.Ordinal));
        lines[schema] = Schema + SpecLines.SchemaFile;
        return string.Join('\n', lines);
    }

    /// <summary>In place of the project's sources, which only its own directory has.</summary>
    private static string OfTheManual(string spec) =>
        string.Join('\n', spec.Split('\n').Where(line => !line.Contains("exclude:", StringComparison.Ordinal))
        .Select(line => line.Contains("source:", StringComparison.Ordinal)
            ? "  source: bytes:data/manual.txt    # or a glob: bytes:**/*.txt" : line))
        .Replace("this project's C# files", "this program's documentation", StringComparison.Ordinal);

    private static string Manual() => string.Concat(Assembly.GetExecutingAssembly().GetManifestResourceNames()
        .Where(name => name.StartsWith("docs/", StringComparison.Ordinal)).Order(StringComparer.Ordinal).Select(Resource));

    private static string Read(string path) => Resource($"examples/{path}");

    private static string Resource(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"the program does not carry {name}");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}

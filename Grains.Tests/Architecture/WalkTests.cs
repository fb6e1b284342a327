using System.Text.RegularExpressions;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Architecture;

/// <summary>
/// Holds the walk of a step in docs/architecture.md to the code: every hop names a method, a file and the line that it stands at.
/// </summary>
public sealed partial class WalkTests
{
    [Fact]
    public void Walk_NamesMethodsWhereTheyStand()
    {
        var hops = Hop().Matches(File.ReadAllText(Path.Combine(SourceTree.Root, "docs", "architecture.md"))).ToList();

        Assert.InRange(hops.Count, 15, 30);
        Assert.Empty(hops.Select(Mistake).OfType<string>());
    }

    /// <summary>What is wrong with a hop, and what would be right; null where nothing is.</summary>
    private static string? Mistake(Match hop)
    {
        var (type, method, file, line) =
            (hop.Groups["type"].Value, hop.Groups["method"].Value, hop.Groups["file"].Value, int.Parse(hop.Groups["line"].ValueSpan));
        string path = Path.Combine(SourceTree.Root, file);
        if (!File.Exists(path))
            return $"{type}.{method}: there is no file {file}";
        string[] lines = File.ReadAllLines(path);
        if (!lines.Any(one => Regex.IsMatch(one, $@"\b(class|record|struct|interface) {type}\b")))
            return $"{type}.{method}: {file} does not declare {type}";
        int[] found = [.. Enumerable.Range(1, lines.Length).Where(number => Declares(lines[number - 1], method))];
        return found.Contains(line) ? null : $"{type}.{method}: found line {line}, expected {file}:{string.Join(" or ", found)}";
    }

    private static bool Declares(string line, string method) =>
        Regex.IsMatch(line, $@"^    (public|private|internal)\b[^=]*\b{method}(<\w+>)?\(");

    [GeneratedRegex(@"^\| [^|]*\| `(?<type>\w+)\.(?<method>\w+)` \| `(?<file>[\w/.]+\.cs):(?<line>\d+)` \|", RegexOptions.Multiline)]
    private static partial Regex Hop();
}

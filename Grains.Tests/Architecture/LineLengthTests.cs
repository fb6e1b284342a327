using System.Globalization;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Architecture;

/// <summary>
/// Holds the sources to the line length that <c>.editorconfig</c> states; no tool of the build does. Lines of raw strings may be longer,
/// because a break would change what they say.
/// </summary>
public sealed class LineLengthTests
{
    private const string Key = "max_line_length";

    [Fact]
    public void Sources_HaveNoLineLongerThanTheLimit()
    {
        int limit = Limit();
        var files = Sources().ToArray();

        Assert.NotEmpty(files);
        Assert.Empty(
            from file in files
            from line in Lines(file)
            where line.Item.Length > limit && !line.IsRaw
            let place = $"{Path.GetRelativePath(SourceTree.Root, file)}:{line.Number}"
            select $"{place} has {line.Item.Length} characters, expected at most {limit}");
    }

    private static int Limit()
    {
        string setting = Assert.Single(
            File.ReadLines(Path.Combine(SourceTree.Root, ".editorconfig")), line => line.StartsWith(Key, StringComparison.Ordinal));
        return int.Parse(setting.Split('=')[1].Trim(), CultureInfo.InvariantCulture);
    }

    private static IEnumerable<(int Number, string Item, bool IsRaw)> Lines(string file)
    {
        bool isInside = false;
        foreach (var (index, line) in File.ReadLines(file).Index())
        {
            int quotes = line.Split("\"\"\"").Length - 1;
            yield return (index + 1, line, isInside || quotes > 0);
            if (quotes % 2 == 1)
                isInside = !isInside;
        }
    }

    private static IEnumerable<string> Sources() =>
        from project in Directory.EnumerateDirectories(SourceTree.Root)
        where Directory.EnumerateFiles(project, "*.csproj").Any()
        from file in Directory.EnumerateFiles(project, "*.cs", SearchOption.AllDirectories)
        select file;
}

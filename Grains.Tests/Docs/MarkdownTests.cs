using System.Text.RegularExpressions;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Docs;

/// <summary>README and the pages of <c>docs</c>: their size, and that their links lead somewhere.</summary>
public sealed partial class MarkdownTests
{
    private const int MaxReadmeLines = 150;
    private const int MaxReadmeLineLength = 120;

    public static TheoryData<string> Pages =>
    [
        "README.md",
        .. Directory.EnumerateFiles(SourceTree.Of("docs"), "*.md", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(SourceTree.Root, file)),
    ];

    [Fact]
    public void Readme_IsShort() => Assert.InRange(File.ReadAllLines(SourceTree.Of("README.md")).Length, 1, MaxReadmeLines);

    [Fact]
    public void Readme_HasNarrowLines() =>
        Assert.DoesNotContain(File.ReadAllLines(SourceTree.Of("README.md")), line => line.Length > MaxReadmeLineLength);

    /// <summary>Scripts take the first lines that begin so.</summary>
    [Theory]
    [InlineData("    dotnet run", "    dotnet run -c Release --project Client -- train examples/average.yaml")]
    [InlineData("    dotnet test", "    dotnet test -c Release")]
    public void Readme_HasTheTwoCommands(string begin, string command) =>
        Assert.Equal(command, File.ReadLines(SourceTree.Of("README.md")).First(line => line.StartsWith(begin, StringComparison.Ordinal)));

    /// <summary>The spec that the README shows is the example without its first comment.</summary>
    [Fact]
    public void Readme_ShowsTheExample()
    {
        string example = File.ReadAllText(SourceTree.Of("examples/average.yaml"));

        Assert.Contains($"```yaml\n{example[example.IndexOf("name:", StringComparison.Ordinal)..]}```\n",
            File.ReadAllText(SourceTree.Of("README.md")), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void RelativeLinks_LeadToAFileAndAHeading(string page)
    {
        string directory = Path.GetDirectoryName(SourceTree.Of(page))!;

        Assert.DoesNotContain(
            Links(File.ReadAllText(SourceTree.Of(page))),
            link => !Uri.IsWellFormedUriString(link, UriKind.Absolute) && !Leads(directory, SourceTree.Of(page), link));
    }

    [Theory]
    [InlineData("see [a](b.md#c) and ![d](e.png)", "b.md#c", "e.png")]
    [InlineData("none")]
    public void Links_AreFound(string text, params string[] links) => Assert.Equal(links, Links(text));

    [Theory]
    [InlineData("Exit codes of tbptt-silo", "exit-codes-of-tbptt-silo")]
    [InlineData("Python, `kill -9` & more", "python-kill--9--more")]
    public void Anchor_IsGitHubs(string heading, string anchor) => Assert.Equal(anchor, Anchor(heading));

    private static IEnumerable<string> Links(string text) => Link().Matches(text).Select(match => match.Groups[1].Value);

    private static bool Leads(string directory, string page, string link)
    {
        string[] parts = link.Split('#', 2);
        string target = parts[0].Length == 0 ? page : Path.GetFullPath(Path.Combine(directory, parts[0]));
        return Path.Exists(target)
            && (parts.Length == 1 || Heading().Matches(File.ReadAllText(target)).Any(match => Anchor(match.Groups[1].Value) == parts[1]));
    }

    private static string Anchor(string heading) => NotInAnchors().Replace(heading.Trim().ToLowerInvariant(), "").Replace(' ', '-');

    [GeneratedRegex(@"\[[^\]]*\]\(([^)\s]+)\)", RegexOptions.CultureInvariant)]
    private static partial Regex Link();

    [GeneratedRegex(@"^#+ +(.+)$", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]", RegexOptions.CultureInvariant)]
    private static partial Regex NotInAnchors();
}

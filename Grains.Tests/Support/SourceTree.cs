namespace Orleans.Tbptt.Tests.Support;

/// <summary>The files that the tests were built from.</summary>
internal static class SourceTree
{
    /// <summary>The tree's root, above wherever the tests were built.</summary>
    public static string Root { get; } = Find();

    /// <summary>A file or directory of the tree.</summary>
    public static string Of(params IEnumerable<string> names) => Path.Combine([Root, .. names]);

    private static string Find()
    {
        string directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "Orleans.Tbptt.sln")))
            directory = Path.GetDirectoryName(directory) ?? throw new InvalidOperationException("no solution above the tests");
        return directory;
    }
}

namespace Orleans.Tbptt.Tests.Support;

/// <summary>A file of the source tree that is generated from declarations.</summary>
internal static class GeneratedFile
{
    /// <summary>Fails where the file has another text, and writes the one that it has to have next to the tests.</summary>
    /// <param name="path">The file, relative to the source tree.</param>
    /// <param name="expected">Its text by the declarations.</param>
    public static void AssertIs(string path, string expected)
    {
        string file = SourceTree.Of(path);
        if (File.Exists(file) && File.ReadAllText(file) == expected)
            return;
        string written = Path.Combine(AppContext.BaseDirectory, Path.GetFileName(path));
        File.WriteAllText(written, expected);
        Assert.Fail($"{path} is not what the declarations say: copy {written} over it");
    }
}

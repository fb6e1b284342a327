namespace Orleans.Tbptt.Specs.Reading;

/// <summary>What the reader of a text with rules of its own needs to know, and where it reports mistakes.</summary>
internal sealed class TextContext(SectionReader section, string key, SpecPaths paths)
{
    /// <summary>Makes paths absolute.</summary>
    public SpecPaths Paths { get; } = paths;

    /// <summary>The section that the key stands in.</summary>
    public SectionReader Section { get; } = section;

    /// <summary>Reports a mistake at the key.</summary>
    public void Report(string found, string expected, string remedy) => Section.Report(key, found, expected, remedy);
}

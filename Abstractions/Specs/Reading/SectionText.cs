using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Specs.Reading;

/// <summary>A text at a key of a section.</summary>
internal sealed class SectionText(SectionReader section, string key, SpecPaths paths) : TextContext
{
    public override string File(string path, string expected) => paths.File(section, key, path, expected);

    public override string Absolute(string path) => paths.Absolute(path);

    public override string Glob(string glob) => paths.Glob(section, key, glob);

    public override void Report(string found, string expected, string remedy) =>
        section.Report(key, Show.Clean(found, 300), expected, remedy);
}

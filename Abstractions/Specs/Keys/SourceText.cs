using Orleans.Tbptt.Specs.Reading;

namespace Orleans.Tbptt.Specs.Keys;

/// <summary>Where the text of <c>data.source</c> is read.</summary>
public sealed class SourceText
{
    private readonly TextContext _context;

    internal SourceText(TextContext context) => _context = context;

    /// <summary>The absolute path of a file; a mistake when it must exist and does not.</summary>
    /// <param name="path">The path.</param>
    /// <param name="expected">What it should be, such as "a CSV file".</param>
    public string File(string path, string expected) => _context.Paths.File(_context.Section, "source", path, expected);

    /// <summary>The absolute path of a file, whether it exists or not.</summary>
    public string Absolute(string path) => _context.Paths.Absolute(path);

    /// <summary>A glob whose fixed part is absolute.</summary>
    public string Glob(string glob) => _context.Paths.Glob(_context.Section, "source", glob);

    /// <summary>Reports a mistake.</summary>
    public void Report(string found, string expected, string remedy) => _context.Report(Show.Clean(found, 300), expected, remedy);
}

/// <summary>Where a choice reports keys that do not fit it.</summary>
public sealed class SpecChecks
{
    private readonly Findings _findings;

    internal SpecChecks(Findings findings) => _findings = findings;

    /// <summary>Whether keys, and all sections they are in, were read without a mistake: what to ask before they are compared.</summary>
    public bool Sound(params ReadOnlySpan<string> keys) => _findings.Sound(keys);

    /// <summary>Reports a mistake at a key.</summary>
    public void Report(string key, string found, string expected, string remedy) => _findings.Report(key, found, expected, remedy);

    /// <summary>Reports a mistake, if there is one.</summary>
    public void Report(SpecProblem? problem) => _findings.ReportIfAny(problem);
}

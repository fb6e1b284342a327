namespace Orleans.Tbptt.Specs.Keys;

/// <summary>Where a text with its own rules is read: makes its paths absolute, and takes mistakes at its key.</summary>
public abstract class TextContext
{
    /// <summary>The absolute path of a file; a mistake when it must exist and does not.</summary>
    /// <param name="path">The path.</param>
    /// <param name="expected">What it should be, such as "a CSV file".</param>
    public abstract string File(string path, string expected);

    /// <summary>The absolute path of a file, whether it exists or not.</summary>
    public abstract string Absolute(string path);

    /// <summary>A glob whose fixed part is absolute.</summary>
    public abstract string Glob(string glob);

    /// <summary>Reports a mistake.</summary>
    public abstract void Report(string found, string expected, string remedy);
}

using System.Text.RegularExpressions;

namespace Orleans.Tbptt.Client.Drafts;

/// <summary>Commands for a POSIX shell, which messages offer as remedies.</summary>
internal static partial class Shell
{
    /// <summary>A word as a shell reads it.</summary>
    public static string Word(string text) =>
        PlainWord().IsMatch(text) ? text : $"'{text.Replace("'", """'\''""", StringComparison.Ordinal)}'";

    /// <summary>
    /// The file in the working directory that a remedy writes: <c>data/wave.csv</c> becomes <c>wave-KIND.csv</c>, as does
    /// <c>wave.csv.gz</c>. A number follows where a file has that name already, because a remedy must not overwrite data.
    /// </summary>
    public static string Result(string path, string kind)
    {
        string name = Path.GetFileName(path);
        if (Path.GetExtension(name).Equals(".gz", StringComparison.OrdinalIgnoreCase))
            name = Path.GetFileNameWithoutExtension(name);
        string stem = $"{Path.GetFileNameWithoutExtension(name)}-{kind}", extension = Path.GetExtension(name);
        string result = stem + extension;
        for (int number = 2; Path.Exists(result); number++)
            result = $"{stem}-{number}{extension}";
        return result;
    }

    /// <summary>A command that reads <paramref name="path"/>, and the next step, on a line of their own.</summary>
    public static string Convert(string command, string path, string kind)
    {
        string result = Word(Result(path, kind));
        return $"convert it:{Line($"{command} > {result}; tbptt init {result}")}";
    }

    /// <summary>A command on a line of its own, to be copied.</summary>
    public static string Line(string command) => $"\n    {command}";

    [GeneratedRegex("^[A-Za-z0-9_./,:=+@%-]+$", RegexOptions.CultureInvariant)]
    private static partial Regex PlainWord();
}

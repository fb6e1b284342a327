using System.Text.RegularExpressions;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Protocol;

/// <summary>A stream of a served model: what its grain is called.</summary>
/// <param name="Model">The model's name: a run's ID, or one that the silos' settings give to a package.</param>
/// <param name="Stream">The stream's ID.</param>
public readonly partial record struct StreamKey(RunId Model, string Stream)
{
    /// <summary>What a stream's ID is, for error messages.</summary>
    public const string Expected = "1 to 128 of A-Z, a-z, 0-9, '.', '_', '-', ':', '~' and '@', beginning with a letter or digit";

    private const char Separator = '/';

    /// <summary>Whether a text is the ID of a stream.</summary>
    public static bool IsStream(string? text) => text is not null && Pattern().IsMatch(text);

    /// <summary>Reads a grain's key.</summary>
    /// <exception cref="FormatException"><paramref name="key"/> is none.</exception>
    public static StreamKey Parse(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        int at = key.IndexOf(Separator, StringComparison.Ordinal);
        return at > 0 && RunId.TryParse(key[..at], out var model) && IsStream(key[(at + 1)..]) ? new(model, key[(at + 1)..])
            : throw new FormatException($"stream: found '{key}', expected MODEL{Separator}STREAM, each of letters, digits and dashes");
    }

    /// <summary>The grain's key: neither part has the separator.</summary>
    public override string ToString() => $"{Model.Text}{Separator}{Stream}";

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9._:~@-]{0,127}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}

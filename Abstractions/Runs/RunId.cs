using System.Text.RegularExpressions;

namespace Orleans.Tbptt.Runs;

/// <summary>The id of a run, also the name of its directory: lower-case letters, digits, dots, dashes and underscores.</summary>
[GenerateSerializer, Immutable, Alias("tbptt.RunId")]
public readonly partial record struct RunId
{
    /// <summary>What <see cref="TryParse"/> takes, for error messages.</summary>
    public const string Expected = "1 to 100 of a-z, 0-9, '.', '_' and '-', beginning with a letter or digit";

    private RunId(string text) => Text = text;

    /// <summary>The id as text; null only in an id that nobody read (<see cref="IsValid"/>).</summary>
    [Id(0)] public string Text { get; }

    /// <summary>
    /// Whether this is an id at all. One that arrived in a message need not be: the serializer fills in whatever was sent, past
    /// <see cref="TryParse"/>. Ask before a path or a grain key is made of it.
    /// </summary>
    public bool IsValid => Text is not null && Pattern().IsMatch(Text);

    /// <summary>Reads an id. It can never leave the directory of runs: no separator, no leading dot.</summary>
    public static bool TryParse(string? text, out RunId id)
    {
        id = new(text ?? "");
        return Pattern().IsMatch(id.Text);
    }

    /// <summary>Reads an id.</summary>
    /// <exception cref="FormatException"><paramref name="text"/> is not an id.</exception>
    public static RunId Parse(string text) =>
        TryParse(text, out var id) ? id : throw new FormatException($"run id: found '{text}', expected {Expected}");

    /// <summary>A new id: the run's name, the time in UTC, and four hexadecimal digits against collisions.</summary>
    /// <param name="name">The spec's name; characters an id cannot have become dashes.</param>
    /// <param name="time">The time of submission.</param>
    /// <param name="salt">Any number; its low 16 bits are used.</param>
    public static RunId Create(string name, DateTimeOffset time, int salt)
    {
        string stem = Unfit().Replace(name.ToLowerInvariant(), "-").Trim('-', '.', '_');
        stem = stem.Length == 0 ? "run" : stem[..Math.Min(stem.Length, 60)];
        return Parse($"{stem}-{time.UtcDateTime:yyyyMMdd-HHmmss}-{salt & 0xffff:x4}");
    }

    /// <inheritdoc/>
    public override string ToString() => Text ?? "";

    [GeneratedRegex("^[a-z0-9][a-z0-9._-]{0,99}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();

    [GeneratedRegex("[^a-z0-9._-]+", RegexOptions.CultureInvariant)]
    private static partial Regex Unfit();
}

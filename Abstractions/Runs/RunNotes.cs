using System.Text.RegularExpressions;

namespace Orleans.Tbptt.Runs;

/// <summary>What users have written about a run: <c>notes.json</c> in its directory. Has no part in the run.</summary>
public sealed partial record RunNotes
{
    /// <summary>The maximum number of tags.</summary>
    public const int MostTags = 20;

    /// <summary>The maximum length of the text, in characters.</summary>
    public const int MostText = 10_000;

    /// <summary>No notes.</summary>
    public static RunNotes None { get; } = new();

    /// <summary>Words to find and group runs by, in order, each once.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Free text.</summary>
    public string Text { get; init; } = "";

    /// <summary>How often they were written: a writer who has read an older revision overwrites nothing.</summary>
    public int Revision { get; init; }

    /// <summary>The notes of a run; none where nobody has written any.</summary>
    /// <exception cref="System.Text.Json.JsonException">The file is damaged.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static RunNotes Read(RunDirectory run) => File.Exists(run.Notes) ? RunJson.ReadNotes(File.ReadAllText(run.Notes)) : None;

    /// <summary>The tags of a text that separates them by spaces or commas, in order, each once.</summary>
    public static IReadOnlyList<string> Split(string text) => [.. Separators().Split(text).Where(tag => tag.Length > 0).Distinct()];

    /// <summary>What is wrong with notes: what was found and what was expected; null where nothing is.</summary>
    public string? Problem() =>
        Tags.FirstOrDefault(tag => !Tag().IsMatch(tag)) is { } wrong
            ? $"tags: found '{wrong}', expected 1 to 40 letters, digits, '.', '_', '-', '/', ':' or '+', beginning with a letter or digit"
            : Tags.Count > MostTags ? $"tags: found {Tags.Count}, expected at most {MostTags}"
            : Text.Length > MostText ? $"text: found {Text.Length} characters, expected at most {MostText}"
            : null;

    [GeneratedRegex(@"^[\p{L}\p{N}][\p{L}\p{N}._/:+-]{0,39}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Tag();

    [GeneratedRegex(@"[\s,;]+", RegexOptions.CultureInvariant)]
    private static partial Regex Separators();
}

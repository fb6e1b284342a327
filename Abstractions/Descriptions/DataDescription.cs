using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;

namespace Orleans.Tbptt.Descriptions;

/// <summary>What a run reads, and how its lanes are filled with it.</summary>
public sealed record DataDescription
{
    private const int ShownNames = 6;

    /// <summary>The source's word.</summary>
    public required string Source { get; init; }

    /// <summary>The files or globs that the spec names.</summary>
    public IReadOnlyList<string> Paths { get; init; } = [];

    /// <summary>Values of an input, and columns of classes; 0 where inputs are tokens.</summary>
    public int InputFeatures { get; init; }

    /// <summary>How many different tokens there are; 0 where inputs are values.</summary>
    public int Vocabulary { get; init; }

    /// <summary>Values of a target; 0 where targets are classes.</summary>
    public int TargetFeatures { get; init; }

    /// <summary>How many classes there are; 0 where targets are values.</summary>
    public int Classes { get; init; }

    /// <summary>The part that is trained on.</summary>
    public required PartDescription Training { get; init; }

    /// <summary>The part that is validated on after every epoch; null for none.</summary>
    public PartDescription? Validation { get; init; }

    /// <summary>The part that is tested on at the end of the run; null, and not written, for none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public PartDescription? Test { get; init; }

    /// <summary>How the first epoch fills the lanes.</summary>
    public required LaneDescription Lanes { get; init; }

    /// <summary>About how much memory the run needs.</summary>
    public required MemoryDescription Memory { get; init; }

    /// <summary>What the source says.</summary>
    public required SourceDescription Contents { get; init; }

    /// <summary>
    /// Of a run that follows a file of several series, how far each is trained on when every step of what is read has been made, by their
    /// lanes; null, and not written, for any other run.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public IReadOnlyList<FollowedSeries>? Followed { get; init; }

    /// <summary>
    /// What of the file of initial weights was not as this program writes it, and how it was read; null for a file of its own, or none.
    /// </summary>
    public string? Weights { get; init; }

    /// <summary>The description in one line.</summary>
    [JsonIgnore]
    public string Summary
    {
        get
        {
            var text = new StringBuilder($"{Source}{string.Concat(Paths.Take(2).Select(path => $" {Path.GetFileName(path)}"))}: ");
            text.Append(CultureInfo.InvariantCulture, $"{Side("input", Contents.Inputs, InputFeatures, Vocabulary, "tokens")}, ");
            text.Append(Side("target", Contents.Targets, TargetFeatures, Classes, "classes"));
            if (Contents.LeftOut.Count > 0)
                text.Append(CultureInfo.InvariantCulture, $"; left out {List([.. Contents.LeftOut.Select(column => column.Name)])}");
            text.Append(CultureInfo.InvariantCulture, $"; trained on {Training}");
            if (Validation is not null)
                text.Append(CultureInfo.InvariantCulture, $"; held out {Validation}");
            if (Test is not null)
                text.Append(CultureInfo.InvariantCulture, $"; tested at the end on {Test}");
            if (Lanes.IdleShare > 0)
                text.Append(CultureInfo.InvariantCulture, $"; lanes idle {100 * Lanes.IdleShare:0.0} %");
            foreach (string remark in Contents.Remarks)
                text.Append("; ").Append(remark);
            if (Weights is not null)
                text.Append("; initial weights: ").Append(Weights);
            return text.ToString();
        }
    }

    private static string Side(string what, IReadOnlyList<string> names, int features, int tokens, string ofTokens) =>
        tokens > 0 ? $"{what}s of {tokens} {ofTokens}"
        : $"{features} {what}{(features == 1 ? "" : "s")}{(names.Count > 0 ? $" ({List(names)})" : "")}";

    private static string List(IReadOnlyList<string> names) =>
        string.Join(", ", names.Take(ShownNames)) + (names.Count > ShownNames ? $" and {names.Count - ShownNames} more" : "");
}

/// <summary>The sequences of a part.</summary>
/// <param name="Sequences">How many; the rows of a stream.</param>
/// <param name="Steps">Time steps of all.</param>
/// <param name="Shortest">Time steps of the shortest.</param>
/// <param name="Longest">Time steps of the longest.</param>
/// <param name="Border">Where it begins and ends in the data; null where that has no name.</param>
public sealed record PartDescription(int Sequences, long Steps, int Shortest, int Longest, Border? Border)
{
    /// <summary>
    /// Of a part that is held out, the target elements that figures are over: those of all time steps, without masked ones. Null where
    /// nobody counted.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public long? Elements { get; init; }

    /// <summary>
    /// Of the new part of one stream, the time steps before it, on which the run that is extended was trained. Null, and not written, where
    /// no run is extended, and for series.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public long? Before { get; init; }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Sequences:N0} × {Shortest:N0}{(Longest == Shortest ? "" : $" to {Longest:N0}")} time steps")
        + (Border is null ? "" : $" ({Border})");
}

/// <summary>How an epoch fills the lanes.</summary>
/// <param name="Count">How many lanes there are.</param>
/// <param name="StepsPerEpoch">Steps of the epoch.</param>
/// <param name="IdleShare">The share of lanes and steps without a chunk, in [0, 1).</param>
public sealed record LaneDescription(int Count, long StepsPerEpoch, double IdleShare);

/// <summary>About how much memory a run needs, less what a process needs for itself.</summary>
/// <param name="Coordinator">
/// Bytes of the coordinator: parameters, gradient, the optimizer's running averages and the lanes' hidden state, and a copy of what is
/// saved.
/// </param>
/// <param name="Trainer">Bytes of the largest trainer: parameters, gradient, and the values of one chunk.</param>
public sealed record MemoryDescription(long Coordinator, long Trainer);

using System.Text.Json.Serialization;

namespace Orleans.Tbptt.Descriptions;

/// <summary>What a source has read, as far as it knows: a source fills in what it has, and leaves the rest out.</summary>
public sealed record SourceDescription
{
    /// <summary>Nothing that would have a name.</summary>
    public static SourceDescription None { get; } = new();

    /// <summary>The inputs by name, in the order of the model's inputs; empty where they have no names.</summary>
    public IReadOnlyList<string> Inputs { get; init; } = [];

    /// <summary>The targets by name, in the order of the model's outputs; empty where they have no names.</summary>
    public IReadOnlyList<string> Targets { get; init; } = [];

    /// <summary>
    /// The tokens by their numbers, to encode further texts with; empty where they have no names, or are too many to be listed here.
    /// </summary>
    public IReadOnlyList<string> Tokens { get; init; } = [];

    /// <summary>The columns that the source has and the run does not read.</summary>
    public IReadOnlyList<LeftOutColumn> LeftOut { get; init; } = [];

    /// <summary>The columns that are read; empty where the source has none, or has not looked at their values.</summary>
    public IReadOnlyList<ColumnDescription> Columns { get; init; } = [];

    /// <summary>The first and the last row, time or file of the part that is trained on; null where they have no names.</summary>
    public Border? Training { get; init; }

    /// <summary>The same of the part that is validated on.</summary>
    public Border? Validation { get; init; }

    /// <summary>The same of the part that is tested on.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public Border? Test { get; init; }

    /// <summary>What a reader should look at, one sentence each: suspected mistakes in the data, guesses that the source made.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];
}

/// <summary>Where a part begins and ends, both included.</summary>
/// <param name="First">The first row or time, such as <c>row 1</c> or <c>2009-01-01 00:10</c>.</param>
/// <param name="Last">The last one.</param>
public sealed record Border(string First, string Last)
{
    /// <inheritdoc/>
    public override string ToString() => $"{First} to {Last}";
}

/// <summary>A column that is not read.</summary>
/// <param name="Name">Its name; empty for one without.</param>
/// <param name="Why">Why it is not read, such as <c>not named in data.inputs</c>.</param>
public sealed record LeftOutColumn(string Name, string Why);

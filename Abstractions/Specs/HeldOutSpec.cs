using System.Text.Json.Serialization;

namespace Orleans.Tbptt.Specs;

/// <summary>A part of the data that is never trained on.</summary>
[GenerateSerializer, JsonConverter(typeof(JsonStringEnumConverter<HeldOutPart>))]
public enum HeldOutPart
{
    /// <summary>Evaluated after every epoch.</summary>
    [JsonStringEnumMemberName("validation")] Validation,

    /// <summary>Evaluated once, at the end of the run.</summary>
    [JsonStringEnumMemberName("test")] Test,
}

/// <summary>What one part holds out: files of its own, or the end of the data from a border on. One of its keys is set.</summary>
public sealed record HeldOutSpec
{
    /// <summary>A source of the same kind as the run's, with other files; it has the keys of the run's source. Null for none.</summary>
    public SourceSpec? Source { get; init; }

    /// <summary>The share, in (0, 1), of the sequences, of a stream's time, or of the rows of each series; null for none.</summary>
    public double? Fraction { get; init; }

    /// <summary>The first row of a stream that is held out, counted from 1; null for none.</summary>
    public int? Row { get; init; }

    /// <summary>The first time that is held out, of each series where there are series; null for none.</summary>
    public string? From { get; init; }
}

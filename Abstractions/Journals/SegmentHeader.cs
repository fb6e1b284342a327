using System.Text.Json.Serialization;

namespace Orleans.Tbptt.Journals;

/// <summary>What a segment says about itself: JSON at its beginning.</summary>
internal sealed record SegmentHeader
{
    /// <summary>The number of its first event.</summary>
    public required long First { get; init; }

    /// <summary>How many events it holds.</summary>
    public required int Events { get; init; }

    /// <summary>How many of them are steps.</summary>
    public required int Steps { get; init; }

    /// <summary>All of its steps together.</summary>
    public required BucketRecord Total { get; init; }

    /// <summary>Its sections, in the order of the file.</summary>
    public required IReadOnlyList<SegmentSection> Sections { get; init; }
}

/// <summary>A section of a segment: a column of numbers, or lines of text.</summary>
internal sealed record SegmentSection
{
    /// <summary>Its name, one of <see cref="SegmentFormat"/>.</summary>
    public required string Name { get; init; }

    /// <summary>Numbers in it, or bytes of its lines.</summary>
    public required int Count { get; init; }

    /// <summary>Its place, in bytes after the header.</summary>
    public required long Offset { get; init; }

    /// <summary>Its bytes.</summary>
    public required int Length { get; init; }

    /// <summary>The SHA-256 of its bytes.</summary>
    public required string Sha256 { get; init; }

    /// <summary><see cref="ColumnShape.Order"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public int Order { get; init; }

    /// <summary><see cref="ColumnShape.Planes"/>; null for lines of text, which are compressed as one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public int[]? Planes { get; init; }

    /// <summary>The numbers are the column's values multiplied by this; 0 where they are the bits of doubles, or integers.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public double Scale { get; init; }
}

/// <summary>A bucket as JSON.</summary>
internal sealed record BucketRecord
{
    /// <summary><see cref="StepBucket.First"/>.</summary>
    public long First { get; init; }

    /// <summary><see cref="StepBucket.Step"/>.</summary>
    public long Step { get; init; }

    /// <summary><see cref="StepBucket.Number"/>.</summary>
    public long Number { get; init; }

    /// <summary><see cref="StepBucket.Time"/> in ticks of UTC.</summary>
    public long Ticks { get; init; }

    /// <summary><see cref="StepBucket.Count"/>.</summary>
    public long Count { get; init; }

    /// <summary><see cref="StepBucket.Clipped"/>.</summary>
    public long Clipped { get; init; }

    /// <summary><see cref="StepBucket.LearningRate"/>; null where it is not finite.</summary>
    public double? LearningRate { get; init; }

    /// <summary>
    /// Minimum, maximum and sum of each figure in the order of <see cref="StepMetric"/>, empty where none is finite; a sum that is not is
    /// null.
    /// </summary>
    public required double?[][] Spreads { get; init; }

    /// <summary>How many values of each figure are finite.</summary>
    public required long[] Finite { get; init; }

    /// <summary>A bucket as JSON.</summary>
    public static BucketRecord Of(StepBucket bucket)
    {
        var spreads = Enumerable.Range(0, StepBucket.Metrics).Select(metric => bucket[(StepMetric)metric]).ToList();
        return new()
        {
            First = bucket.First,
            Step = bucket.Step,
            Number = bucket.Number,
            Ticks = bucket.Time.UtcTicks,
            Count = bucket.Count,
            Clipped = bucket.Clipped,
            LearningRate = double.IsFinite(bucket.LearningRate) ? bucket.LearningRate : null,
            Spreads = [.. spreads.Select(one => one.Finite == 0 ? (double?[])[]
                : [one.Min, one.Max, double.IsFinite(one.Sum) ? one.Sum : null])],
            Finite = [.. spreads.Select(one => one.Finite)],
        };
    }

    /// <summary>Sets an empty bucket.</summary>
    /// <exception cref="InvalidDataException">The record is incomplete.</exception>
    public void CopyTo(StepBucket bucket)
    {
        if (Spreads is not { Length: StepBucket.Metrics } || Finite is not { Length: StepBucket.Metrics }
            || Spreads.Any(one => one is not { Length: 0 or 3 }) || Ticks is < 0 or > 3_155_378_975_999_999_999)
            throw new InvalidDataException("found an incomplete aggregate of steps");
        (bucket.First, bucket.Step, bucket.Number, bucket.Count, bucket.Clipped) = (First, Step, Number, Count, Clipped);
        (bucket.Time, bucket.LearningRate) = (new(Ticks, TimeSpan.Zero), LearningRate ?? double.NaN);
        for (int metric = 0; metric < StepBucket.Metrics; metric++)
        {
            bucket[(StepMetric)metric] = Spreads[metric] is [{ } min, { } max, var sum]
                ? new(min, max, sum ?? double.NaN, Finite[metric]) : Spread.None;
        }
    }
}

/// <summary>A line of the index that closes the lines of a segment.</summary>
internal sealed record IndexRecord
{
    /// <summary>The segment, from 0.</summary>
    public required long Segment { get; init; }

    /// <summary>The lines before this one that belong to it: its events that are not steps.</summary>
    public required int Lines { get; init; }

    /// <summary>All of its steps together.</summary>
    public required BucketRecord Total { get; init; }

    /// <summary>The SHA-256 of all bytes of the segment's lines and of this one that are before <c>,"sha256"</c>.</summary>
    public string? Sha256 { get; init; }
}

/// <summary>The types of segments and of their index.</summary>
[JsonSerializable(typeof(SegmentHeader))]
[JsonSerializable(typeof(IndexRecord))]
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
internal sealed partial class SegmentJson : JsonSerializerContext;

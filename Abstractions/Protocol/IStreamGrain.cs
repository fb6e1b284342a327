using Orleans.Concurrency;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Protocol;

/// <summary>
/// A stream of a served model, its key a <see cref="StreamKey"/>: holds the hidden state after the last row, takes further rows by their
/// numbers, and answers each with the model's forecasts. What it has answered is on the disk of the run store, and outlasts any silo.
/// </summary>
[Alias("tbptt.IStreamGrain")]
public interface IStreamGrain : IGrainWithStringKey
{
    /// <summary>
    /// Takes rows that follow the last one, and forecasts from each. Rows that were taken before are answered as then, bit for bit, also
    /// where they come in other groups.
    /// </summary>
    [Alias("Predict")]
    Task<StreamReply> Predict(StreamRows rows);

    /// <summary>
    /// The answers to rows behind a number, as far as they are kept; where there is none, waits a second for one. Answers also while rows
    /// are computed.
    /// </summary>
    [Alias("Read"), AlwaysInterleave]
    Task<StreamPage> Read(long after);

    /// <summary>The stream as it is.</summary>
    [Alias("Describe")]
    Task<StreamReport> Describe();

    /// <summary>Forgets the stream: its next row has number 1, and finds a hidden state of zeros.</summary>
    /// <returns>Whether there was one.</returns>
    [Alias("Delete")]
    Task<bool> Delete();
}

/// <summary>Rows of a stream.</summary>
/// <param name="First">The number of the first one, from 1; the others follow.</param>
/// <param name="Rows">The rows, at least one.</param>
[GenerateSerializer, Immutable, Alias("tbptt.StreamRows")]
public sealed record StreamRows([property: Id(0)] long First, [property: Id(1)] IReadOnlyList<StreamRow> Rows)
{
    /// <summary>Rows of a request, at most.</summary>
    public const int Most = 1000;
}

/// <summary>A row, in the units of the model's columns.</summary>
/// <param name="Numbers">The cells of its columns of numbers, in order; NaN for one without a value.</param>
/// <param name="Texts">Those of its columns of texts, in order; null for one without a value.</param>
[GenerateSerializer, Immutable, Alias("tbptt.StreamRow")]
public readonly record struct StreamRow([property: Id(0)] double[] Numbers, [property: Id(1)] string?[] Texts);

/// <summary>What became of rows.</summary>
[GenerateSerializer]
public enum StreamOutcome
{
    /// <summary>They were taken, now or before.</summary>
    Answered,

    /// <summary>Their numbers do not follow the last one.</summary>
    Gap,

    /// <summary>They were taken so long ago that their answer is not kept.</summary>
    Gone,

    /// <summary>A row was taken before with other cells.</summary>
    Conflict,

    /// <summary>A row cannot be read.</summary>
    Refused,

    /// <summary>There is no such model, or it cannot be served.</summary>
    NoModel,
}

/// <summary>Answers <see cref="StreamRows"/>.</summary>
[GenerateSerializer, Immutable, Alias("tbptt.StreamReply")]
public sealed record StreamReply
{
    /// <summary>What became of them.</summary>
    [Id(0)] public required StreamOutcome Outcome { get; init; }

    /// <summary>What was found and what was expected; empty where they were answered.</summary>
    [Id(1)] public string Problem { get; init; } = "";

    /// <summary>The number of the next row that the stream expects.</summary>
    [Id(2)] public required long Next { get; init; }

    /// <summary>The forecasts from each row, in the units of their columns, in the order of the model's targets.</summary>
    [Id(3)] public IReadOnlyList<double[]> Forecasts { get; init; } = [];
}

/// <summary>Answers to rows that were taken.</summary>
/// <param name="First">The number of the first row.</param>
/// <param name="Last">The number of the stream's last row: less than what was asked for where the stream was forgotten.</param>
/// <param name="Forecasts">The forecasts from each row; empty where none came.</param>
[GenerateSerializer, Immutable, Alias("tbptt.StreamPage")]
public sealed record StreamPage(
    [property: Id(0)] long First, [property: Id(1)] long Last, [property: Id(2)] IReadOnlyList<double[]> Forecasts);

/// <summary>A stream at one moment.</summary>
[GenerateSerializer, Immutable, Alias("tbptt.StreamReport")]
public sealed record StreamReport
{
    /// <summary>The model.</summary>
    [Id(0)] public required RunId Model { get; init; }

    /// <summary>The stream.</summary>
    [Id(1)] public required string Stream { get; init; }

    /// <summary>The number of the last row; 0 where there is none, or it has expired.</summary>
    [Id(2)] public required long Last { get; init; }

    /// <summary>When it was taken; null where there is none.</summary>
    [Id(3)] public DateTimeOffset? TakenAt { get; init; }

    /// <summary>
    /// The SHA-256 of the parameters that computed the hidden state, its first 32 hexadecimal digits; empty where there is none.
    /// </summary>
    [Id(4)] public string Version { get; init; } = "";

    /// <summary>The hidden state after it, <c>[h, c][layer][unit]</c>; empty where there is none.</summary>
    [Id(5)] public IReadOnlyList<float> Hidden { get; init; } = [];

    /// <summary>The number of the first row whose answer is kept; 0 for none.</summary>
    [Id(6)] public long FirstKept { get; init; }

    /// <summary>The silo that holds it.</summary>
    [Id(7)] public string Silo { get; init; } = "";
}

/// <summary>The logs of streams cannot be read or written: their disk is full, or out of reach. What was sent is not answered.</summary>
[GenerateSerializer, Alias("tbptt.StreamUnavailableException")]
public sealed class StreamUnavailableException(string message) : Exception(message);

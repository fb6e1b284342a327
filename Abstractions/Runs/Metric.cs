using System.Text.Json.Serialization;

namespace Orleans.Tbptt.Runs;

/// <summary>What a <see cref="Metric"/> is derived from.</summary>
[GenerateSerializer, JsonConverter(typeof(JsonStringEnumConverter<MetricKind>))]
public enum MetricKind
{
    /// <summary>Not given, as in the files of earlier versions.</summary>
    [JsonStringEnumMemberName("other")] Other,

    /// <summary>The epoch's training loss, in another unit.</summary>
    [JsonStringEnumMemberName("training")] Training,

    /// <summary>The epoch's validation loss, in another unit.</summary>
    [JsonStringEnumMemberName("validation")] Validation,

    /// <summary>A forecast without a model, for comparison: the same after every epoch.</summary>
    [JsonStringEnumMemberName("baseline")] Baseline,

    /// <summary>The loss of the test at the end of the run.</summary>
    [JsonStringEnumMemberName("test")] Test,
}

/// <summary>A figure in the data's own units.</summary>
/// <param name="Name">What it is, such as <c>validation RMSE</c>; begins with the word of its kind where that is a loss.</param>
/// <param name="Value">Its value.</param>
/// <param name="Unit">What it counts: the target's name, where it is the error of a target.</param>
/// <param name="Kind">What it is derived from; not written where it is not given.</param>
/// <param name="Series">The one series that it is over; null, and not written, where it is over all.</param>
/// <param name="Count">The unmasked target elements that it is over; 0, and not written, where nobody counted.</param>
[GenerateSerializer, Immutable, Alias("tbptt.Metric")]
public sealed record Metric(
    [property: Id(0)] string Name, [property: Id(1)] double Value, [property: Id(2)] string Unit,
    [property: Id(3), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] MetricKind Kind = MetricKind.Other,
    [property: Id(4), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Series = null,
    [property: Id(5), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] long Count = 0);

/// <summary>How much held-out data figures are over.</summary>
/// <param name="Sequences">Sequences: series, or rows of a stream.</param>
/// <param name="Steps">Time steps of all of them.</param>
/// <param name="Elements">Target elements of all time steps, without masked ones.</param>
[GenerateSerializer, Immutable, Alias("tbptt.HeldOutSize")]
public sealed record HeldOutSize([property: Id(0)] int Sequences, [property: Id(1)] long Steps, [property: Id(2)] long Elements);

/// <summary>What the test at the end of the run gave.</summary>
/// <param name="Step">Committed steps that led to the parameters.</param>
/// <param name="Figures">The figures.</param>
[GenerateSerializer, Immutable, Alias("tbptt.TestFigures")]
public sealed record TestFigures([property: Id(0)] long Step, [property: Id(1)] HeldOutFigures Figures);

/// <summary>What an evaluation of held-out sequences gave.</summary>
/// <param name="Loss">The mean loss over the unmasked elements.</param>
/// <param name="Size">What it is over.</param>
/// <param name="Metrics">The errors of each target in its units.</param>
[GenerateSerializer, Immutable, Alias("tbptt.HeldOutFigures")]
public sealed record HeldOutFigures(
    [property: Id(0)] double Loss, [property: Id(1)] HeldOutSize Size, [property: Id(2)] IReadOnlyList<Metric> Metrics);

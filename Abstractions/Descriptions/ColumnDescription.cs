using System.Text.Json.Serialization;

namespace Orleans.Tbptt.Descriptions;

/// <summary>A column of numbers, as it stands in the data: before anything is scaled.</summary>
public sealed record ColumnDescription
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>The series whose values it describes; null for all.</summary>
    public string? Series { get; init; }

    /// <summary>
    /// What the run uses it for, such as <c>input</c>, <c>target</c>, <c>input, target</c>, <c>known input</c> or <c>static input</c>; of a
    /// column of classes <c>class</c> in the place of <c>input</c>.
    /// </summary>
    public string Use { get; init; } = "";

    /// <summary>
    /// What was made of its values before they were scaled, in the spec's word, such as <c>log1p</c>; null for nothing. The figures here,
    /// except <see cref="ScaleMean"/> and <see cref="ScaleDeviation"/>, are of the values as they were.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Transform { get; init; }

    /// <summary>Values that were read, over all parts; null where nobody counted.</summary>
    public long? Count { get; init; }

    /// <summary>Cells without a value.</summary>
    public long Missing { get; init; }

    /// <summary>The smallest value.</summary>
    public double? Min { get; init; }

    /// <summary>The largest value.</summary>
    public double? Max { get; init; }

    /// <summary>The mean.</summary>
    public double? Mean { get; init; }

    /// <summary>The population's standard deviation.</summary>
    public double? Deviation { get; init; }

    /// <summary>How many different values there are; null where there are too many to be counted.</summary>
    public int? Distinct { get; init; }

    /// <summary>How many values lie in each of as many equal ranges from <see cref="Min"/> to <see cref="Max"/>; empty for none.</summary>
    public IReadOnlyList<long> Histogram { get; init; } = [];

    /// <summary>
    /// What is subtracted from each value before it is trained on; null where values are trained on as they are. With
    /// <see cref="ScaleDeviation"/> it scales new inputs, and brings outputs back to the data's units:
    /// <c>value = output × ScaleDeviation + ScaleMean</c>.
    /// </summary>
    public double? ScaleMean { get; init; }

    /// <summary>What the difference is divided by; null where values are trained on as they are.</summary>
    public double? ScaleDeviation { get; init; }

    /// <summary>
    /// Of a target, the mean absolute error, in the data's units, of forecasting each row to train on by the row a season before it, or by
    /// the row before it where <c>data.step</c> shows no season; null, and not written, where there is none.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? NaiveError { get; init; }

    /// <summary>Values that may stand for a missing one, such as −9999.</summary>
    public IReadOnlyList<SuspectedValue> Suspects { get; init; } = [];

    /// <summary>
    /// The classes by their numbers, to encode further cells with, where the column is one of classes: the first is <c>&lt;unknown&gt;</c>,
    /// what the rows to train on do not have. Empty otherwise.
    /// </summary>
    public IReadOnlyList<ClassDescription> Classes { get; init; } = [];

    /// <summary>The <see cref="Use"/> of a column.</summary>
    public static string UseOf(bool isInput, bool isTarget) =>
        isInput && isTarget ? "input, target" : isInput ? "input" : isTarget ? "target" : "";
}

/// <summary>A class of a column.</summary>
/// <param name="Name">What stands in its cells; <c>&lt;missing&gt;</c> for nothing.</param>
/// <param name="Count">How many rows to train on have it.</param>
public sealed record ClassDescription(string Name, long Count);

/// <summary>A value that may stand for a missing one.</summary>
/// <param name="Value">The value.</param>
/// <param name="Count">How often it stands in the column.</param>
public sealed record SuspectedValue(double Value, long Count);

using System.Globalization;

namespace Orleans.Tbptt.Data;

/// <summary>
/// Data that a trained model is to forecast from: inputs read and scaled as in training, all rows of them, without targets. The way back
/// from the model's outputs is part of it.
/// </summary>
public interface IForecastData : IDisposable
{
    /// <summary>The shape of one time step, that of training; every target is masked.</summary>
    DataShape Shape { get; }

    /// <summary>The sequences: one for each series of which a row can be forecast from, or one for all rows.</summary>
    ISequenceSet Sequences { get; }

    /// <summary>The series that have rows, or one for all rows, with where each ends.</summary>
    IReadOnlyList<SeriesRows> Series { get; }

    /// <summary>
    /// The time steps that are forecast from, in the order in which the rows came that made that possible; empty where nobody asks for it.
    /// </summary>
    IReadOnlyList<(int Sequence, int Step)> Arrivals { get; }

    /// <summary>How many rows of its series come before the first time step of a sequence, also in what was read before.</summary>
    long FirstRow(int sequence);

    /// <summary>What is predicted, by name, in the order of the model's outputs; a difference is named as such.</summary>
    IReadOnlyList<string> Targets { get; }

    /// <summary>Rows from an input to the row that its output forecasts, the first one where there are several.</summary>
    int Horizon { get; }

    /// <summary>How many rows are forecast from each row; with several, <see cref="Targets"/> name each. Default 1.</summary>
    int Horizons => 1;

    /// <summary>Rows from an input to the row that an output forecasts.</summary>
    /// <param name="target">Which of <see cref="Targets"/>.</param>
    int AheadOf(int target) => Horizon;

    /// <summary>What is predicted, and how far ahead, such as <c>sales +1</c>.</summary>
    /// <param name="target">Which of <see cref="Targets"/>.</param>
    string HeadingOf(int target) => Horizon == 0 || Horizons > 1 ? Targets[target]
        : string.Create(CultureInfo.InvariantCulture, $"{Targets[target]} +{Horizon}");

    /// <summary>The name of the column of series; null where there is none.</summary>
    string? SeriesColumn { get; }

    /// <summary>The name of the column of time that the spec names; null where it names none, though the rows may have times.</summary>
    string? TimeColumn { get; }

    /// <summary>Brings predictions back to the units of the data, in float64.</summary>
    /// <param name="slice">The time steps that they belong to.</param>
    /// <param name="target">Which of <see cref="Targets"/>.</param>
    /// <param name="outputs">The predictions, as values are trained on, <c>[slice.Length]</c>.</param>
    /// <param name="destination">Receives them in their units, <c>[slice.Length]</c>.</param>
    void ToUnits(SequenceSlice slice, int target, ReadOnlySpan<float> outputs, Span<double> destination);

    /// <summary>
    /// Why rows that follow on others would be read otherwise than all in one piece, whatever is carried over: what depends on rows behind
    /// it. Null where nothing does.
    /// </summary>
    string? Seam { get; }

    /// <summary>The time of a time step as a number that rises with time; null where rows have no times.</summary>
    double? InstantOf(int sequence, int step);

    /// <summary>The time of a time step, as people write it; null where rows have no times.</summary>
    string? TimeOf(int sequence, int step);
}

using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>What a model predicts of columns: their names, and the way back to the units of the columns.</summary>
internal sealed class PredictedColumns
{
    private readonly (int Target, int Further, PredictedUnits Units)[] _columns;

    /// <summary>Names the predictions of some targets.</summary>
    /// <param name="loss">Says what is predicted of each.</param>
    /// <param name="source">Says how far ahead; names the targets.</param>
    /// <param name="units">The way back from their values.</param>
    public PredictedColumns(LossSpec loss, TableSource source, IColumnUnits units)
    {
        Units = units;
        _columns =
        [
            .. from target in Enumerable.Range(0, source.Targets.Count)
               from further in Enumerable.Range(0, source.Horizons)
               from one in loss.Predictions
               select (target, further, one.Units),
        ];
        Names = source.PredictionsOf(
            source.TargetsOf(source.Targets), loss.Predictions, target => units.IsDifference(target) ? " difference" : "");
        Ahead = [.. _columns.Select(column => source.Horizon + column.Further)];
    }

    /// <summary>How many rows ahead each prediction lies.</summary>
    public IReadOnlyList<int> Ahead { get; }

    /// <summary>The names, in the order of the model's outputs; a difference is named as such, and each of several rows ahead.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The way back from values of the targets.</summary>
    public IColumnUnits Units { get; }

    /// <summary>Brings predictions in consecutive rows back to the units of the file.</summary>
    /// <param name="series">The series of the rows; 0 in a table without series.</param>
    /// <param name="row">The row of the first one.</param>
    /// <param name="output">Which of the model's outputs.</param>
    /// <param name="predictions">The predictions.</param>
    /// <param name="destination">Receives them, as many.</param>
    public void ToUnits(int series, long row, int output, ReadOnlySpan<float> predictions, Span<double> destination)
    {
        var (target, further, units) = _columns[output];
        if (units == PredictedUnits.Value)
        {
            Units.ToUnits(series, row + further, target, predictions, destination);
            return;
        }

        double factor = units == PredictedUnits.Spread ? Units.Factor(series, target) : 1;
        for (int i = 0; i < predictions.Length; i++)
            destination[i] = predictions[i] * factor;
    }
}

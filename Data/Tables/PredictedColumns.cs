using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>What a model predicts of columns: their names, and the way back to the units of the columns.</summary>
internal sealed class PredictedColumns
{
    private readonly (int Target, PredictedUnits Units)[] _columns;

    /// <summary>Names the predictions of some targets.</summary>
    /// <param name="loss">Says what is predicted of each.</param>
    /// <param name="targets">Their names.</param>
    /// <param name="units">The way back from their values.</param>
    public PredictedColumns(LossSpec loss, IReadOnlyList<string> targets, IColumnUnits units)
    {
        var all = targets.Index().SelectMany(target => loss.Predictions.Select(one => (Target: target, Value: one))).ToList();
        Units = units;
        _columns = [.. all.Select(one => (one.Target.Index, one.Value.Units))];
        Names =
        [
            .. all.Select(one => one.Value.NameOf(one.Target.Item) + (units.IsDifference(one.Target.Index) ? " difference" : "")),
        ];
    }

    /// <summary>The names, in the order of the model's outputs; a difference is named as such.</summary>
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
        var (target, units) = _columns[output];
        if (units == PredictedUnits.Value)
        {
            Units.ToUnits(series, row, target, predictions, destination);
            return;
        }

        double factor = units == PredictedUnits.Spread ? Units.Factor(series, target) : 1;
        for (int i = 0; i < predictions.Length; i++)
            destination[i] = predictions[i] * factor;
    }
}

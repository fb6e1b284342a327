using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Descriptions;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Client.Export.Onnx;

/// <summary>A column of numbers.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Transform">What is made of its values before they are scaled; null for nothing.</param>
/// <param name="IsKnown">Whether its value is that of the row that is forecast.</param>
/// <param name="Mean">
/// What is subtracted: of each series, or one for all; NaN where the rows to train on had no value, empty where values are not scaled.
/// </param>
/// <param name="Deviation">What the difference is divided by.</param>
internal sealed record ValueColumn(
    string Name, ColumnTransform? Transform, bool IsKnown, IReadOnlyList<double> Mean, IReadOnlyList<double> Deviation);

/// <summary>A column of classes.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsKnown">Whether its class is that of the row that is forecast.</param>
/// <param name="Classes">The classes by their numbers.</param>
internal sealed record ClassColumn(string Name, bool IsKnown, IReadOnlyList<string> Classes);

/// <summary>What the columns of a table are to a model, as its package says.</summary>
/// <param name="Values">The columns of numbers that are inputs.</param>
/// <param name="Observed">Those of them for which an input says whether there is a value, by their places.</param>
/// <param name="Classes">The columns of classes.</param>
/// <param name="Targets">What is predicted, each with the way back to its units.</param>
/// <param name="Series">The series that have scales of their own; empty where all have the same.</param>
internal sealed record ModelColumns(
    IReadOnlyList<ValueColumn> Values, IReadOnlyList<int> Observed, IReadOnlyList<ClassColumn> Classes, IReadOnlyList<ValueColumn> Targets,
    IReadOnlyList<string> Series)
{
    /// <summary>The columns whose cells are those of the row that is forecast, by name.</summary>
    public IEnumerable<string> Known =>
        [.. Values.Where(one => one.IsKnown).Select(one => one.Name), .. Classes.Where(one => one.IsKnown).Select(one => one.Name)];

    /// <summary>What is forecast, as <c>tbptt predict</c> names it.</summary>
    public required IReadOnlyList<string> Headings { get; init; }

    /// <summary>The columns of a model.</summary>
    /// <param name="package">The model.</param>
    /// <param name="table">What it was trained on.</param>
    /// <exception cref="ClientException">They cannot be exported.</exception>
    public static ModelColumns Of(ModelPackage package, TableSource table)
    {
        var (config, loss) = (package.Config, package.Spec.Train.Loss);
        var scales = new Scales(config.Columns, table);
        ColumnDescription[] inputs =
        [
            .. config.Columns.Where(
                one => one is { Series: null, Classes.Count: 0 } && one.Use.Contains("input", StringComparison.Ordinal)),
        ];
        string[] flags = [.. config.Inputs.Take(package.Spec.Model.ValueInputs).Skip(inputs.Length)];
        int[] observed = [.. flags.Select(flag => Array.FindIndex(inputs, one => flag == $"{one.Name} observed"))];
        if (!config.Inputs.Take(inputs.Length).SequenceEqual(inputs.Select(one => one.Name)) || observed.Contains(-1)
            || config.Targets.Count * loss.OutputsPerTarget != config.OutputSize
            || inputs.Length + flags.Length != package.Spec.Model.ValueInputs)
        {
            throw new ClientException(
                $"the model of {config.Run}: found columns that are not its {package.Spec.Model.ValueInputs} inputs of numbers and "
                + $"{config.OutputSize} outputs, expected a package of this version with what is read of the table; train the spec again",
                ExitCode.Failed);
        }

        var values = inputs.Select(one => scales.Column(one.Name)).ToList();
        if (values.Find(one => one is { IsKnown: true, Transform: ColumnTransform.Difference }) is { } known)
        {
            throw new ClientException(
                $"--format onnx: found differences of {known.Name}, which data.known reads from rows ahead, expected those of columns of "
                + "the same row, because the row before the first one is not among those that are fed; leave the column out of data.known "
                + "or of data.transform, and train again", ExitCode.Failed);
        }

        ValueColumn[] targets =
        [
            .. from target in table.ColumnsOf(config.Targets)
               from ahead in Enumerable.Range(table.Horizon, table.Horizons)
               from one in loss.Predictions
               select Predicted(scales.Column(target), one),
        ];
        return new(
            values, observed,
            [
                .. package.Spec.Model.Embeddings.Pairs.Select(pair => new ClassColumn(
                    pair.Key, table.Known.Contains(pair.Key),
                    [.. config.Columns.First(one => one.Name == pair.Key && one.Classes.Count > 0).Classes.Select(one => one.Name)])),
            ],
            targets, scales.Series)
        {
            Headings =
            [
                .. targets.Select((one, i) => $"{one.Name}{(one.Transform == ColumnTransform.Difference ? " difference" : "")} "
                    + $"+{table.Horizon + (i / loss.Predictions.Count % table.Horizons)}"),
            ],
        };
    }

    /// <summary>What is predicted of a column: a spread is widened and not moved, and what has no units is neither.</summary>
    private static ValueColumn Predicted(ValueColumn column, PredictedValue value)
    {
        column = column with { Name = value.NameOf(column.Name) };
        if (value.Units == PredictedUnits.Value)
            return column;
        column = column with { Mean = [.. column.Mean.Select(_ => 0.0)] };
        return value.Units == PredictedUnits.Spread ? column : column with { Deviation = [.. column.Deviation.Select(_ => 1.0)] };
    }

    /// <summary>What scales columns, and what is made of them before.</summary>
    private sealed class Scales(IReadOnlyList<ColumnDescription> columns, TableSource table)
    {
        private readonly ILookup<string, ColumnDescription> _byName =
            columns.Where(one => one.Classes.Count == 0).ToLookup(one => one.Name, StringComparer.Ordinal);

        private readonly bool _isScaled = columns.Any(one => one.ScaleMean is not null);

        public IReadOnlyList<string> Series { get; } = !IsPerSeries(table) ? []
            : [.. columns.Select(one => one.Series).OfType<string>().Distinct(StringComparer.Ordinal)];

        public ValueColumn Column(string name)
        {
            ColumnDescription[] scaled = Series.Count > 0
                ? [.. Series.Select(series => _byName[name].First(one => one.Series == series))]
                : _isScaled ? [_byName[name].First(one => one.Series is null)] : [];
            return new(
                name, table.TransformOf(name), table.Known.Contains(name), [.. scaled.Select(one => one.ScaleMean ?? double.NaN)],
                [.. scaled.Select(one => one.ScaleDeviation ?? double.NaN)]);
        }

        private static bool IsPerSeries(TableSource table) => table is { Scale: TableScale.Series, Standardize: true };
    }
}

using Orleans.Tbptt.Data.Arrow;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.JsonLines;
using Orleans.Tbptt.Data.Parquet;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Descriptions;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Preparation;

/// <summary>Opens data that a trained model is to forecast from.</summary>
public static class Forecasting
{
    /// <summary>The formats of tables by the extensions of their files.</summary>
    private static readonly (string[] Extensions, Func<string, TableSource> Make)[] Formats =
    [
        ([".csv", ".tsv", ".txt"], path => new CsvSource { Path = path }),
        ([".parquet", ".pq"], path => new ParquetSource { Path = path }),
        ([".arrow", ".feather", ".arrows"], path => new ArrowSource { Path = path }),
        ([".jsonl", ".ndjson"], path => new JsonLinesSource { Path = path }),
    ];

    /// <summary>Opens a file of a table's rows; its columns are read and scaled as those that the model was trained on.</summary>
    /// <param name="spec">The spec that the model was trained with; its source is a table.</param>
    /// <param name="trained">What was trained on: columns with what scales them.</param>
    /// <param name="path">The file: of the format that its name's extension says, or of that which was trained on.</param>
    /// <exception cref="SpecException">The file cannot be forecast from; carries every mistake found.</exception>
    public static IForecastData Open(RunSpec spec, SourceDescription trained, string path) =>
        SourceOf(spec, path).OpenForecast(new InputFiles(DataRoots.Anywhere), spec.Data, Checked(trained));

    /// <summary>Opens a file of a table's rows with their targets, to compare forecasts with: all of it is <c>Validation</c>.</summary>
    /// <inheritdoc cref="Open"/>
    public static IDataSource OpenWithTargets(RunSpec spec, SourceDescription trained, string path)
    {
        var source = SourceOf(spec, path);

        // One stream is one sequence, from its first row to its last.
        var data = spec.Data with { Source = source, BatchSize = 1, ValidationFraction = 0, Validation = null, Test = null };
        return source.OpenHeldOut(data, new InputFiles(DataRoots.Anywhere), Checked(trained));
    }

    private static SourceDescription Checked(SourceDescription trained)
    {
        ArgumentNullException.ThrowIfNull(trained);
        return trained;
    }

    /// <summary>The source that reads a file as the model's data were read.</summary>
    private static TableSource SourceOf(RunSpec spec, string path)
    {
        ArgumentNullException.ThrowIfNull(spec);
        if (spec.Data.Source is not TableSource table)
        {
            throw new SpecException(new SpecProblem(
                "data.source", $"{spec.Data.Source.Word}, which the model was trained on", "a table, such as csv or parquet",
                "generate text with 'tbptt sample', if the model is one of tokens"));
        }

        string full = Path.GetFullPath(path);
        var format = Formats.FirstOrDefault(one => one.Extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase));
        var other = format.Make?.Invoke(full);

        // The keys of the same format are those of training: its separator, its encoding.
        return other is null || other.GetType() == table.GetType() ? table with { Path = full } : other with
        {
            Inputs = table.Inputs, Targets = table.Targets, Horizon = table.Horizon, Standardize = table.Standardize, Time = table.Time,
            Step = table.Step, Series = table.Series, Scale = table.Scale, MissingValues = table.MissingValues,
            Categorical = table.Categorical, Transform = table.Transform, Known = table.Known, Static = table.Static,
        };
    }
}

using Orleans.Tbptt.Data.Arrow;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.JsonLines;
using Orleans.Tbptt.Data.Npy;
using Orleans.Tbptt.Data.Parquet;
using Orleans.Tbptt.Data.Problems;
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
    /// <param name="before">
    /// Where the series ended whose rows follow in the file: it is read as if it were the rest of a longer one. Null, the default, where
    /// its rows stand alone; then at least one of them must be fit to be forecast from.
    /// </param>
    /// <param name="mostCells">Cells that are read, at most; more are an error. Default any number.</param>
    /// <exception cref="SpecException">The file cannot be forecast from; carries every mistake found.</exception>
    public static IForecastData Open(
        RunSpec spec, SourceDescription trained, string path, IReadOnlyList<SeriesEnd>? before = null, long mostCells = long.MaxValue) =>
        SourceOf(spec, path).OpenForecast(
            new InputFiles(DataRoots.Anywhere) { MostCells = mostCells }, spec, Checked(trained), before);

    /// <summary>Opens a NumPy array of inputs, for a model of arrays.</summary>
    /// <param name="spec">The spec that the model was trained with; its source is arrays.</param>
    /// <param name="trained">What was trained on; names outputs.</param>
    /// <param name="path">
    /// The file: of the shape of the inputs that were trained on, sequences and time steps aside; behind a comma, where sequences are
    /// padded, that of their lengths: <c>INPUTS[,LENGTHS]</c>.
    /// </param>
    /// <param name="before">Where the sequences ended, named by their places, whose time steps follow; null, the default, for none.</param>
    /// <exception cref="SpecException">It cannot be forecast from; carries every mistake found.</exception>
    public static IForecastData OpenArray(
        RunSpec spec, SourceDescription trained, string path, IReadOnlyList<SeriesEnd>? before = null) =>
        ArrayForecast.Open(ArraysOf(spec), spec, Checked(trained), path, before);

    /// <summary>Opens arrays of inputs and targets, to compare outputs with: all of them are the part to train on.</summary>
    /// <param name="spec">The spec that the model was trained with; its source is arrays.</param>
    /// <param name="path">The files, as the source of the spec names them: <c>INPUTS,TARGETS[,LENGTHS]</c>, or an archive.</param>
    /// <exception cref="SpecException">They cannot be read, or are others than those trained on; carries every mistake found.</exception>
    public static IDataSource OpenArraysWithTargets(RunSpec spec, string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArraySource source = ArraysOf(spec) switch
        {
            NpySource npy => npy with { Files = [.. path.Split(',').Select(file => Path.GetFullPath(file.Trim()))], Mask = null },
            NamedArraySource named => named with { Path = Path.GetFullPath(path) },
            var other => throw new ArgumentException($"unknown arrays: {other.Word}", nameof(spec)),
        };
        var data = spec.Data with { Source = source, BatchSize = 1, ValidationFraction = 0, Validation = null, Test = null };
        var opened = source.Open(spec with { Data = data }, new InputFiles(DataRoots.Anywhere));
        var (shape, model) = (opened.Shape, spec.Model);
        int vocabulary = model.Embedding?.Vocabulary ?? 0, outputs = model.OutputSize!.Value;
        int targets = outputs / spec.Train.Loss.OutputsPerTarget;
        bool fits = shape.HasTokens == vocabulary > 0 && shape.Vocabulary <= vocabulary
            && (shape.HasTokens || shape.InputFeatures == model.ValueInputs)
            && (shape.HasClasses ? shape.Classes <= outputs : shape.TargetFeatures == targets);
        if (fits)
        {
            var problems = new ProblemList();
            LabelRules.Check(spec.Train.Loss, opened, problems);
            if (problems.IsEmpty)
                return opened;
            opened.Dispose();
            problems.ThrowIfAny();
        }

        opened.Dispose();
        throw new SpecException(new SpecProblem(
            DataKeys.Source,
            $"{(shape.HasTokens ? $"tokens up to {shape.Vocabulary - 1}" : $"{shape.InputFeatures} input values")} and "
            + $"{(shape.HasClasses ? $"classes up to {shape.Classes - 1}" : $"{shape.TargetFeatures} target values")} in {path}",
            $"{(vocabulary > 0 ? $"tokens up to {vocabulary - 1}" : $"{model.ValueInputs} input values")} and "
            + $"{(shape.HasClasses ? $"classes up to {outputs - 1}" : $"{targets} target values")}, as the model was trained",
            "save arrays as those that the model was trained on"));
    }

    /// <summary>Opens a file of a table's rows with their targets, to compare forecasts with: all of it is <c>Validation</c>.</summary>
    /// <param name="spec">The spec that the model was trained with; its source is a table.</param>
    /// <param name="trained">What was trained on: columns with what scales them.</param>
    /// <param name="path">The file: of the format that its name's extension says, or of that which was trained on.</param>
    /// <param name="mostCells">Cells that are read, at most; more are an error. Default any number.</param>
    /// <exception cref="SpecException">The file cannot be read; carries every mistake found.</exception>
    public static IDataSource OpenWithTargets(
        RunSpec spec, SourceDescription trained, string path, long mostCells = long.MaxValue)
    {
        var source = SourceOf(spec, path);

        // One stream is one sequence, from its first row to its last.
        var data = spec.Data with { Source = source, BatchSize = 1, ValidationFraction = 0, Validation = null, Test = null };
        return source.OpenHeldOut(data, new InputFiles(DataRoots.Anywhere) { KeepsTimes = true, MostCells = mostCells }, Checked(trained));
    }

    /// <summary>Whether a file has no more bytes than some; of one that is compressed as a whole, once it is unpacked.</summary>
    /// <param name="path">The file.</param>
    /// <param name="most">The bytes.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static bool IsWithin(string path, long most)
    {
        using var file = File.OpenRead(path);
        Span<byte> head = stackalloc byte[4];
        var packing = FileContent.PackingOf(head[..file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)]);
        if (packing == Packing.None || file.Length > most)
            return file.Length <= most;
        file.Position = 0;
        try
        {
            using var unpacked = Unpacking.Open(file, packing, path);
            var block = new byte[1 << 16];
            while (most >= 0 && unpacked.Read(block) is > 0 and var count)
                most -= count;
            return most >= 0;
        }
        catch (Exception error) when (error is TableFormatException || Unpacking.IsDamage(error))
        {
            // Who opens it says what is wrong with it.
            return true;
        }
    }

    /// <summary>
    /// Prepares a model's training once more, on a file of a table's rows less the last ones of each series; nothing is held out.
    /// </summary>
    /// <param name="spec">The spec that the model was trained with; its source is a table.</param>
    /// <param name="path">The file.</param>
    /// <param name="leftOut">How many rows of each series are left out, at least 1.</param>
    /// <exception cref="SpecException">The rows cannot be trained on; carries every mistake found.</exception>
    public static PreparedRun Refit(RunSpec spec, string path, int leftOut)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(leftOut, 1);
        var data = spec.Data with { Source = SourceOf(spec, path), ValidationFraction = 0, Validation = null, Test = null };
        return PreparedRun.Prepare(
            spec with { Data = data }, new InputFiles(DataRoots.Anywhere) { RowsLeftOut = leftOut }, fingerprint: false);
    }

    /// <summary>
    /// An encoder of single rows, such as a service receives them, as those that the model was trained on.
    /// </summary>
    /// <inheritdoc cref="Open"/>
    /// <exception cref="SpecException">Inputs depend on other rows, or the model's data are no table.</exception>
    public static RowEncoder RowsOf(RunSpec spec, SourceDescription trained)
    {
        var table = TableOf(spec);
        return TableForecast.SeamOf(table) is { } seam
            ? throw new SpecException(new SpecProblem(
                "data.source", seam, "a model whose inputs depend on no rows but their own and those before, because rows come one by one",
                "forecast from files with 'tbptt predict', or train without it"))
            : RowEncoder.Of(table, spec.Train.Loss, Checked(trained));
    }

    private static SourceDescription Checked(SourceDescription trained)
    {
        ArgumentNullException.ThrowIfNull(trained);
        return trained;
    }

    /// <summary>The source that reads CSV as the model's data were read.</summary>
    /// <param name="spec">The spec that the model was trained with.</param>
    /// <param name="name">What messages call it.</param>
    internal static CsvSource CsvOf(RunSpec spec, string name) =>
        (CsvSource)(TableOf(spec) is CsvSource csv ? csv with { Path = name } : As(new CsvSource { Path = name }, TableOf(spec)));

    /// <summary>The source that reads a file as the model's data were read.</summary>
    private static TableSource SourceOf(RunSpec spec, string path)
    {
        var table = TableOf(spec);
        string full = Path.GetFullPath(path);
        var format = Formats.FirstOrDefault(one => one.Extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase));
        var other = format.Make?.Invoke(full);
        return other is null || other.GetType() == table.GetType() ? table with { Path = full } : As(other, table);
    }

    private static ArraySource ArraysOf(RunSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return spec.Data.Source as ArraySource
            ?? throw new ArgumentException($"found {spec.Data.Source.Word}, expected a source of arrays", nameof(spec));
    }

    private static TableSource TableOf(RunSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return spec.Data.Source as TableSource ?? throw new SpecException(new SpecProblem(
            "data.source", $"{spec.Data.Source.Word}, which the model was trained on", "a table, such as csv or parquet",
            "generate text with 'tbptt sample', if the model is one of tokens"));
    }

    /// <summary>A table of another format with the columns of one; the keys of a format, such as its separator, are its own.</summary>
    private static TableSource As(TableSource other, TableSource table) =>
        other with
        {
            Inputs = table.Inputs, Targets = table.Targets, Horizon = table.Horizon, Horizons = table.Horizons,
            Standardize = table.Standardize, Time = table.Time,
            Step = table.Step, Series = table.Series, Scale = table.Scale, MissingValues = table.MissingValues,
            Categorical = table.Categorical, Transform = table.Transform, Known = table.Known, Static = table.Static,
        };
}

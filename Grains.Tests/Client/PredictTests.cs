using System.Globalization;
using Orleans.Tbptt.Client;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs.Writing;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.Models;
using Orleans.Tbptt.Training.SingleProcess;
using Orleans.Tbptt.Training.Steps;
using ParquetSharp;

namespace Orleans.Tbptt.Tests.Client;

/// <summary>Forecasts of models that were trained here, from tables of every kind.</summary>
public sealed class PredictTests : IDisposable
{
    private readonly ScriptedConsole _console = new();
    private readonly TemporaryDirectory _directory = new();

    /// <summary>The forecasts are those by which the validation was computed.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("series: shop, time: day, scale: series,")]
    [InlineData("series: shop, time: day, transform: {sales: log1p}, known: [weekday], static: [size], categorical: [kind],")]
    public async Task Forecasts_HaveTheErrorOfTheValidation(string keys)
    {
        string text = keys.Length == 0 ? OneSeries() : Panel();
        string inputs = keys.Contains("known", StringComparison.Ordinal) ? "[sales, weekday, size]" : "[sales]";
        string spec =
            $$"""
            name: shops
            model: {cell: gru, hiddenSize: 5}
            data:
              { source: "csv:{{Write("rows.csv", text)}}", inputs: {{inputs}}, targets: [sales], {{keys}} batchSize: 2,
                validationFraction: 0.25 }
            tbptt: {chunkLength: 4}
            train: {epochs: 2, loss: mse, optimizer: {name: adam, lr: 0.01} }
            """;
        using var prepared = PreparedRun.Prepare(SpecLoader.Parse(spec, "shops.yaml", "/").Spec!);
        var model = Train(prepared);
        string package = Save(model);

        Assert.Equal(0, await _console.RunAsync("predict", package, "--input", Path.Combine(_directory.Path, "rows.csv")));

        // Every row is forecast from, unless a known column is read from rows behind the last.
        string[] lines = _console.Output.TrimEnd().Split('\n');
        int sequences = keys.Length == 0 ? 1 : 2, rows = text.TrimEnd().Split('\n').Length - 1;
        Assert.Equal(rows - (keys.Contains("known", StringComparison.Ordinal) ? sequences : 0), lines.Length - 1);
        Assert.StartsWith(keys.Length == 0 ? "row,sales +1" : "shop,day,sales +1", lines[0], StringComparison.Ordinal);

        // The first training sequence begins with its first row and a hidden state of zeros, as the forecasts do.
        double expected = FirstTrained(prepared, model);
        Assert.Equal(expected.ToString("R", CultureInfo.InvariantCulture), lines[1].Split(',')[^1]);
    }

    [Fact]
    public async Task Forecasts_AreTheSame_HoweverRowsAreCutIntoFiles()
    {
        string package = Save(Trained(OneSeries()));
        string[] lines = OneSeries().TrimEnd().Split('\n');
        string all = Write("all.csv", OneSeries()), first = Write("first.csv", string.Join('\n', lines[..12]) + "\n");
        string rest = Write("rest.csv", lines[0] + "\n" + string.Join('\n', lines[12..]) + "\n");
        string state = Path.Combine(_directory.Path, "state.safetensors");

        await Predict("--input", all, "--output", Path.Combine(_directory.Path, "all.out.csv"));
        await Predict("--input", first, "--output", Path.Combine(_directory.Path, "first.out.csv"), "--state-out", state);
        await Predict("--input", rest, "--output", Path.Combine(_directory.Path, "rest.out.csv"), "--from-state", state);

        Assert.Equal(Values("all.out.csv"), Values("first.out.csv").Concat(Values("rest.out.csv")));

        Task Predict(params string[] arguments) => RunAsync(["predict", package, .. arguments]);
        string[] Values(string name) =>
            [.. File.ReadAllLines(Path.Combine(_directory.Path, name)).Skip(1).Select(line => line.Split(',')[1])];
    }

    [Fact]
    public async Task EveryFormat_HasTheSameForecasts()
    {
        string package = Save(Trained(OneSeries()));
        string input = Write("all.csv", OneSeries());
        foreach (string name in (string[])["out.csv", "out.jsonl", "out.parquet"])
            await RunAsync("predict", package, "--input", input, "--output", Path.Combine(_directory.Path, name));
        string lines = string.Join("", File.ReadAllLines(input).Skip(1)
            .Select(line => $"{{\"sales\":{line}}}\n"));
        await RunAsync("predict", package, "--input", Write("in.jsonl", lines), "--output", Path.Combine(_directory.Path, "again.csv"));

        string[] csv = [.. File.ReadAllLines(Path.Combine(_directory.Path, "out.csv")).Skip(1)];
        using var file = new ParquetFileReader(Path.Combine(_directory.Path, "out.parquet"));
        using var group = file.RowGroup(0);
        Assert.Equal(csv.Select(line => double.Parse(line.Split(',')[1], CultureInfo.InvariantCulture)),
            group.Column(1).LogicalReader<double>().ReadAll(csv.Length));
        Assert.StartsWith(
            $"{{\"row\":1,\"sales +1\":{csv[0].Split(',')[1]}}}", File.ReadAllText(Path.Combine(_directory.Path, "out.jsonl")),
            StringComparison.Ordinal);
        Assert.Equal(csv, File.ReadAllLines(Path.Combine(_directory.Path, "again.csv")).Skip(1));
    }

    /// <summary>The errors are those of the forecasts, counted by hand.</summary>
    [Fact]
    public async Task Evaluation_HasTheErrorsOfTheForecasts_OfEachSeries()
    {
        string panel = Panel(), input = Write("all.csv", panel), errors = Path.Combine(_directory.Path, "errors.csv");
        string package = Save(Trained(panel, "series: shop, time: day, scale: series,"));
        string forecasts = Path.Combine(_directory.Path, "forecasts.csv");
        await RunAsync("predict", package, "--input", input, "--output", forecasts);

        Assert.Equal(0, await _console.RunAsync("evaluate", package, "--input", input, "--output", errors));

        var sales = panel.TrimEnd().Split('\n').Skip(1).Select(line => line.Split(','))
            .GroupBy(cells => cells[1]).ToDictionary(series => series.Key, series => series.Select(cells => Number(cells[5])).ToArray());
        foreach (var series in File.ReadAllLines(forecasts).Skip(1).Select(line => line.Split(',')).GroupBy(cells => cells[0]))
        {
            double[] differences = [.. series.SkipLast(1).Select((cells, i) => Number(cells[2]) - sales[series.Key][i + 1])];
            string[] found =
                File.ReadAllLines(errors).Single(line => line.StartsWith($"{series.Key},", StringComparison.Ordinal)).Split(',');
            Assert.Equal("29", found[2]);
            // Targets were rounded to float32 when they were standardised: 6e-8 of a deviation of less than 4.
            Assert.Equal(Math.Sqrt(differences.Sum(one => one * one) / 29), Number(found[3]), 5e-7);
            Assert.Equal(differences.Sum(Math.Abs) / 29, Number(found[4]), 5e-7);
        }

        Assert.Contains("data     2 sequences of 58 time steps, 58 target elements\n", _console.Output, StringComparison.Ordinal);
        Assert.Matches(@"SERIES +TARGET +ELEMENTS +TEST RMSE +TEST MAE", _console.Output);
        Assert.Matches(@"\nnorth +sales +29 ", _console.Output);

        static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
    }

    [Fact]
    public async Task StateAtTheEndOfTraining_IsThatOfTheLastLane()
    {
        var package = Trained(OneSeries());
        string input = Write("all.csv", OneSeries());

        Assert.Equal(0, await _console.RunAsync("predict", Save(package), "--input", input, "--from-state", "end"));

        int length = Forecaster.HiddenLength(package);
        var lanes = new float[package.Hidden.Length];
        HiddenTensors.ToLanes(package.Spec.Model, 2, package.Hidden.Span, lanes);
        using var data = Forecasting.Open(
            package.Spec, new() { Inputs = package.Config.Inputs, Targets = ["sales"], Columns = package.Config.Columns }, input);
        double[] expected = [];
        Forecaster.Run(package, data, lanes.AsSpan(^length..), (_, forecasts) => expected = [.. expected, .. forecasts]);
        Assert.Equal(
            expected.Select(value => value.ToString("R", CultureInfo.InvariantCulture)),
            _console.Output.TrimEnd().Split('\n').Skip(1).Select(line => line.Split(',')[1]));
    }

    [Theory]
    [InlineData("sales\n1\nx\n3\n", "all.csv:3")]
    [InlineData("price\n1\n2\n", "found 'sales', expected one of the file's columns: 'price'; change the file")]
    [InlineData("sales\n", "all.csv")]
    public async Task Input_IsRefused_AsInTraining(string text, string expected)
    {
        string package = Save(Trained(OneSeries()));

        Assert.Equal(ExitCode.BadSpec, await _console.RunAsync("predict", package, "--input", Write("all.csv", text)));

        Assert.Contains(expected, _console.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SeriesWithoutAScale_IsRefused_ByName()
    {
        string panel = Panel();
        string package = Save(Trained(panel, "series: shop, time: day, scale: series,"));

        Assert.Equal(ExitCode.BadSpec, await _console.RunAsync(
            "predict", package, "--input", Write("all.csv", panel.Replace("south", "centre", StringComparison.Ordinal))));

        Assert.Contains("found 'centre', which the model was not trained on", _console.Error, StringComparison.Ordinal);
    }

    /// <summary>Messages shorten and clean names; scales are found by the names as they are.</summary>
    [Theory]
    [InlineData("north", "north")]
    [InlineData("'x'", "x")]
    [InlineData("a\u0007b", "\U0001F600")]
    [InlineData("a name of one and forty characters: north", "a name of one and forty characters: south")]
    public async Task SeriesOfAnyName_HaveTheirScale(string north, string south)
    {
        string panel = Panel().Replace("south", south, StringComparison.Ordinal).Replace("north", north, StringComparison.Ordinal);
        if (north == south)
            panel = string.Join('\n', panel.TrimEnd().Split('\n').Where((_, line) => line == 0 || line % 2 == 1)) + "\n";
        string package = Save(Trained(panel, "series: shop, time: day, scale: series,", lanes: north == south ? 1 : 2));
        string input = Write("all.csv", panel);

        Assert.Equal(0, await _console.RunAsync("predict", package, "--input", input));
        Assert.Equal(0, await _console.RunAsync("evaluate", package, "--input", input));
    }

    [Fact]
    public async Task State_IsKept_OfSeriesWithoutRows_AndRefusedForRowsThatWereSeen()
    {
        string[] rows = Panel().TrimEnd().Split('\n');
        string package = Save(Trained(Panel(), "series: shop, time: day,")), all = Write("all.csv", Panel());
        string first = Write("first.csv", string.Join('\n', rows[..21]) + "\n");
        string north = Write("north.csv", string.Join('\n', rows[21..41].Where(row => row.Contains("north", StringComparison.Ordinal))
            .Prepend(rows[0])) + "\n");
        string rest = Write("rest.csv", string.Join('\n', rows[21..41].Where(row => row.Contains("south", StringComparison.Ordinal))
            .Prepend(rows[0]).Concat(rows[41..])) + "\n");
        string state = Path.Combine(_directory.Path, "state"), out1 = Path.Combine(_directory.Path, "1.csv");
        string out2 = Path.Combine(_directory.Path, "2.csv"), out3 = Path.Combine(_directory.Path, "3.csv");

        await RunAsync("predict", package, "--input", first, "--output", out1, "--state-out", state);
        await RunAsync("predict", package, "--input", north, "--output", out2, "--from-state", state, "--state-out", state);
        await RunAsync("predict", package, "--input", rest, "--output", out3, "--from-state", state, "--state-out", state);
        Assert.Equal(0, await _console.RunAsync("predict", package, "--input", all));

        var pieces = new[] { out1, out2, out3 }.SelectMany(path => File.ReadAllLines(path).Skip(1)).Order(StringComparer.Ordinal);
        Assert.Equal(_console.Output.TrimEnd().Split('\n').Skip(1).Order(StringComparer.Ordinal), pieces);
        Assert.Equal(ExitCode.BadSpec, await _console.RunAsync("predict", package, "--input", rest, "--from-state", state));
        Assert.Contains("rest.csv: found a row of ", _console.Error, StringComparison.Ordinal);
        Assert.Contains(" expected rows after 2024-01-30, the last one of ", _console.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("transform: {sales: difference},", "the difference of 'sales' to the row before")]
    [InlineData("missingValues: forward,", "data.missingValues: forward")]
    public async Task StateOut_IsRefused_WhereInputsDependOnOtherRows(string keys, string cause)
    {
        string package = Save(Trained(OneSeries(), keys)), state = Path.Combine(_directory.Path, "state");

        Assert.Equal(ExitCode.Usage, await _console.RunAsync(
            "predict", package, "--input", Write("all.csv", OneSeries()), "--state-out", state));

        Assert.Contains($"--state-out: found {cause}, expected ", _console.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(state));
    }

    [Theory]
    [InlineData("--output", "all.csv")]
    [InlineData("--state-out", "all.csv")]
    [InlineData("--output", "none/out.csv")]
    public async Task Files_AreRefused_ThatAreReadOrHaveNoDirectory(string option, string name)
    {
        string package = Save(Trained(OneSeries())), input = Write("all.csv", OneSeries());

        Assert.Equal(ExitCode.Usage, await _console.RunAsync(
            "predict", package, "--input", input, option, Path.Combine(_directory.Path, name), "--force"));

        Assert.Contains($"{option}: found ", _console.Error, StringComparison.Ordinal);
        Assert.Equal(OneSeries(), File.ReadAllText(input));
    }

    [Fact]
    public async Task StateOfAnotherModel_IsRefused()
    {
        string input = Write("all.csv", OneSeries()), state = Path.Combine(_directory.Path, "state.safetensors");
        await RunAsync("predict", Save(Trained(OneSeries())), "--input", input, "--state-out", state);
        string other = Save(Trained(OneSeries(), seed: 2), "other");

        Assert.Equal(ExitCode.Failed, await _console.RunAsync("predict", other, "--input", input, "--from-state", state));

        Assert.Contains("found the state of a model with parameters of SHA-256", _console.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ExistingOutput_IsKept()
    {
        string package = Save(Trained(OneSeries())), output = Write("mine.csv", "mine");

        Assert.Equal(ExitCode.Failed, await _console.RunAsync(
            "predict", package, "--input", Write("all.csv", OneSeries()), "--output", output));

        Assert.Equal("mine", File.ReadAllText(output));
        Assert.DoesNotContain(Directory.GetFiles(_directory.Path), path => path.Contains("mine.csv.", StringComparison.Ordinal));
    }

    public void Dispose()
    {
        _console.Dispose();
        _directory.Dispose();
    }

    private static async Task RunAsync(params string[] arguments)
    {
        using var console = new ScriptedConsole();
        int code = await console.RunAsync(arguments);
        Assert.True(code == 0, console.Error);
    }

    private ModelPackage Trained(string text, string keys = "", int seed = 1, int lanes = 2)
    {
        string spec =
            $$"""
            name: shops
            seed: {{seed}}
            model: {cell: lstm, hiddenSize: 4}
            data: { source: "csv:{{Write("train.csv", text)}}", inputs: [sales], targets: [sales], {{keys}} batchSize: {{lanes}} }
            tbptt: {chunkLength: 4}
            train: {epochs: 1, loss: mse, optimizer: {name: adam, lr: 0.01} }
            """;
        using var prepared = PreparedRun.Prepare(SpecLoader.Parse(spec, "shops.yaml", "/").Spec!);
        return Train(prepared);
    }

    private static ModelPackage Train(PreparedRun prepared)
    {
        using var trainer = new SingleProcessTrainer(
            prepared.Spec, prepared.Data, () => new FusedReplica(prepared.Spec.Model, prepared.Spec.Train.Loss));
        Assert.Null(trainer.Train());
        return ModelPackage.Of(
            Sample.Status(RunState.Completed), prepared.Spec, SpecWriter.ToYaml(prepared.Spec), new([], prepared.Description),
            trainer.State.Parameters, HiddenTensors.Of(prepared.Spec.Model, prepared.Spec.Data.BatchSize, trainer.State.Hidden));
    }

    /// <summary>The output at the first time step of the first training sequence, in units.</summary>
    private static double FirstTrained(PreparedRun prepared, ModelPackage model)
    {
        using var predictor = new SequencePredictor(model.Spec, prepared.Data.Shape, model.Parameters.Span);
        var hidden = new float[prepared.Data.Training.Count * predictor.HiddenLength];
        double first = double.NaN;
        predictor.Run(prepared.Data.Training, 1, 4, hidden, (slice, outputs) =>
        {
            if (slice is not { Sequence: 0, Start: 0 })
                return;
            Span<double> value = stackalloc double[1];
            prepared.Data.Training.Units!.ToUnits(slice with { Length = 1 }, 0, outputs[..1], value);
            first = value[0];
        });
        return first;
    }

    private string Save(ModelPackage package, string name = "package")
    {
        string directory = Directory.CreateDirectory(Path.Combine(_directory.Path, name)).FullName;
        foreach (var (file, write) in package.Files)
        {
            using var stream = File.Create(Path.Combine(directory, file));
            write(stream);
        }

        return directory;
    }

    private string Write(string name, string text)
    {
        string path = Path.Combine(_directory.Path, name);
        File.WriteAllText(path, text);
        return path;
    }

    private static string OneSeries() => "sales\n" + string.Concat(Enumerable.Range(0, 40).Select(
        i => string.Create(CultureInfo.InvariantCulture, $"{100 + (i * 7 % 13)}\n")));

    private static string Panel() => "day,shop,kind,size,weekday,sales\n" + string.Concat(Enumerable.Range(0, 30).SelectMany(
        i => new[] { ("north", "large", 3), ("south", "small", 1) }.Select(shop => string.Create(CultureInfo.InvariantCulture,
            $"2024-01-{i + 1:D2},{shop.Item1},{shop.Item2},{shop.Item3},{i % 7},{(100 * shop.Item3) + (i * 7 % 13)}\n"))));
}

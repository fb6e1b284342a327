using System.Globalization;
using Orleans.Tbptt.Client;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Tests.Training.Models;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Models;
using ParquetSharp;
using static Orleans.Tbptt.Tests.Training.Models.TrainedModels;

namespace Orleans.Tbptt.Tests.Client;

/// <summary>Forecasts of models that were trained here, from tables of every kind.</summary>
public sealed class PredictTests : IDisposable
{
    private readonly ScriptedConsole _console = new();
    private readonly TrainedModels _models = new();

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
              { source: "csv:{{_models.Write("rows.csv", text)}}", inputs: {{inputs}}, targets: [sales], {{keys}} batchSize: 2,
                validationFraction: 0.25 }
            tbptt: {chunkLength: 4}
            train: {epochs: 2, loss: mse, optimizer: {name: adam, lr: 0.01} }
            """;
        using var prepared = PreparedRun.Prepare(SpecLoader.Parse(spec, "shops.yaml", "/").Spec!);
        var model = Train(prepared);
        string package = _models.Save(model);

        Assert.Equal(0, await _console.RunAsync("predict", package, "--input", _models.File("rows.csv")));

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
        string package = _models.Save(_models.Trained(OneSeries()));
        string[] lines = OneSeries().TrimEnd().Split('\n');
        string all = _models.Write("all.csv", OneSeries()), first = _models.Write("first.csv", string.Join('\n', lines[..12]) + "\n");
        string rest = _models.Write("rest.csv", lines[0] + "\n" + string.Join('\n', lines[12..]) + "\n");
        string state = _models.File("state.safetensors");

        await Predict("--input", all, "--output", _models.File("all.out.csv"));
        await Predict("--input", first, "--output", _models.File("first.out.csv"), "--state-out", state);
        await Predict("--input", rest, "--output", _models.File("rest.out.csv"), "--from-state", state);

        Assert.Equal(Values("all.out.csv"), Values("first.out.csv").Concat(Values("rest.out.csv")));

        Task Predict(params string[] arguments) => ScriptedConsole.SucceedAsync(["predict", package, .. arguments]);
        string[] Values(string name) =>
            [.. File.ReadAllLines(_models.File(name)).Skip(1).Select(line => line.Split(',')[1])];
    }

    [Fact]
    public async Task EveryFormat_HasTheSameForecasts()
    {
        string package = _models.Save(_models.Trained(OneSeries()));
        string input = _models.Write("all.csv", OneSeries());
        foreach (string name in (string[])["out.csv", "out.jsonl", "out.parquet"])
            await ScriptedConsole.SucceedAsync("predict", package, "--input", input, "--output", _models.File(name));
        string lines = string.Join("", File.ReadAllLines(input).Skip(1)
            .Select(line => $"{{\"sales\":{line}}}\n"));
        await ScriptedConsole.SucceedAsync(
            "predict", package, "--input", _models.Write("in.jsonl", lines), "--output", _models.File("again.csv"));

        string[] csv = [.. File.ReadAllLines(_models.File("out.csv")).Skip(1)];
        using var file = new ParquetFileReader(_models.File("out.parquet"));
        using var group = file.RowGroup(0);
        Assert.Equal(csv.Select(line => double.Parse(line.Split(',')[1], CultureInfo.InvariantCulture)),
            group.Column(1).LogicalReader<double>().ReadAll(csv.Length));
        Assert.StartsWith(
            $"{{\"row\":1,\"sales +1\":{csv[0].Split(',')[1]}}}", File.ReadAllText(_models.File("out.jsonl")),
            StringComparison.Ordinal);
        Assert.Equal(csv, File.ReadAllLines(_models.File("again.csv")).Skip(1));
    }

    /// <summary>The errors are those of the forecasts, counted by hand.</summary>
    [Fact]
    public async Task Evaluation_HasTheErrorsOfTheForecasts_OfEachSeries()
    {
        string panel = Panel(), input = _models.Write("all.csv", panel), errors = _models.File("errors.csv");
        string package = _models.Save(_models.Trained(panel, "series: shop, time: day, scale: series,"));
        string forecasts = _models.File("forecasts.csv");
        await ScriptedConsole.SucceedAsync("predict", package, "--input", input, "--output", forecasts);

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

    [Theory]
    [InlineData("sales\n1\nx\n3\n", "all.csv:3")]
    [InlineData("price\n1\n2\n", "found 'sales', expected one of the file's columns: 'price'; change the file")]
    [InlineData("sales\n", "all.csv")]
    public async Task Input_IsRefused_AsInTraining(string text, string expected)
    {
        string package = _models.Save(_models.Trained(OneSeries()));

        Assert.Equal(ExitCode.BadSpec, await _console.RunAsync("predict", package, "--input", _models.Write("all.csv", text)));

        Assert.Contains(expected, _console.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SeriesWithoutAScale_IsRefused_ByName()
    {
        string panel = Panel();
        string package = _models.Save(_models.Trained(panel, "series: shop, time: day, scale: series,"));

        Assert.Equal(ExitCode.BadSpec, await _console.RunAsync(
            "predict", package, "--input", _models.Write("all.csv", panel.Replace("south", "centre", StringComparison.Ordinal))));

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
        string package = _models.Save(_models.Trained(panel, "series: shop, time: day, scale: series,", lanes: north == south ? 1 : 2));
        string input = _models.Write("all.csv", panel);

        Assert.Equal(0, await _console.RunAsync("predict", package, "--input", input));
        Assert.Equal(0, await _console.RunAsync("evaluate", package, "--input", input));
    }

    [Theory]
    [InlineData("--output", "all.csv")]
    [InlineData("--state-out", "all.csv")]
    [InlineData("--output", "none/out.csv")]
    public async Task Files_AreRefused_ThatAreReadOrHaveNoDirectory(string option, string name)
    {
        string package = _models.Save(_models.Trained(OneSeries())), input = _models.Write("all.csv", OneSeries());

        Assert.Equal(ExitCode.Usage, await _console.RunAsync(
            "predict", package, "--input", input, option, _models.File(name), "--force"));

        Assert.Contains($"{option}: found ", _console.Error, StringComparison.Ordinal);
        Assert.Equal(OneSeries(), File.ReadAllText(input));
    }

    [Fact]
    public async Task ExistingOutput_IsKept()
    {
        string package = _models.Save(_models.Trained(OneSeries())), output = _models.Write("mine.csv", "mine");

        Assert.Equal(ExitCode.Failed, await _console.RunAsync(
            "predict", package, "--input", _models.Write("all.csv", OneSeries()), "--output", output));

        Assert.Equal("mine", File.ReadAllText(output));
        Assert.DoesNotContain(Directory.GetFiles(_models.File("")), path => path.Contains("mine.csv.", StringComparison.Ordinal));
    }

    public void Dispose()
    {
        _console.Dispose();
        _models.Dispose();
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
}

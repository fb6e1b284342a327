using System.Globalization;
using Orleans.Tbptt.Client;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Tests.Training.Models;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Models;
using Orleans.Tbptt.Training.Steps;
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

        Task Predict(params string[] arguments) => RunAsync(["predict", package, .. arguments]);
        string[] Values(string name) =>
            [.. File.ReadAllLines(_models.File(name)).Skip(1).Select(line => line.Split(',')[1])];
    }

    [Fact]
    public async Task EveryFormat_HasTheSameForecasts()
    {
        string package = _models.Save(_models.Trained(OneSeries()));
        string input = _models.Write("all.csv", OneSeries());
        foreach (string name in (string[])["out.csv", "out.jsonl", "out.parquet"])
            await RunAsync("predict", package, "--input", input, "--output", _models.File(name));
        string lines = string.Join("", File.ReadAllLines(input).Skip(1)
            .Select(line => $"{{\"sales\":{line}}}\n"));
        await RunAsync("predict", package, "--input", _models.Write("in.jsonl", lines), "--output", _models.File("again.csv"));

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
        var package = _models.Trained(OneSeries());
        string input = _models.Write("all.csv", OneSeries());

        Assert.Equal(0, await _console.RunAsync("predict", _models.Save(package), "--input", input, "--from-state", "end"));

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

    [Fact]
    public async Task State_IsKept_OfSeriesWithoutRows_AndRefusedForRowsThatWereSeen()
    {
        string[] rows = Panel().TrimEnd().Split('\n');
        string package = _models.Save(_models.Trained(Panel(), "series: shop, time: day,")), all = _models.Write("all.csv", Panel());
        string first = _models.Write("first.csv", string.Join('\n', rows[..21]) + "\n");
        string north = _models.Write("north.csv", string.Join('\n', rows[21..41]
            .Where(row => row.Contains("north", StringComparison.Ordinal)).Prepend(rows[0])) + "\n");
        string rest = _models.Write("rest.csv", string.Join('\n', rows[21..41].Where(row => row.Contains("south", StringComparison.Ordinal))
            .Prepend(rows[0]).Concat(rows[41..])) + "\n");
        string state = _models.File("state"), out1 = _models.File("1.csv");
        string out2 = _models.File("2.csv"), out3 = _models.File("3.csv");

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

    /// <summary>Each series continues where it ended, although each file has rows of some series only.</summary>
    [Theory]
    [InlineData("time: day,")]
    [InlineData("scale: series, transform: {sales: difference},")]
    [InlineData("time: day, missingValues: forward, transform: {sales: difference},")]
    [InlineData("inputs: [sales, weekday, size], known: [weekday], static: [size, kind], categorical: [kind], missingValues: mask, "
        + "horizon: 2,")]
    public async Task StatesOfSeries_GiveTheSameBits_HoweverTheirRowsAreCut(string keys)
    {
        string[] lines = Panel().TrimEnd().Split('\n');
        for (int i = 7; keys.Contains("missing", StringComparison.Ordinal) && i < lines.Length; i += 5)
            lines[i] = $"{lines[i][..(lines[i].LastIndexOf(',') + 1)]}";
        string text = string.Join('\n', lines) + "\n", state = _models.File("state");
        string package = _models.Save(_models.Trained(text, $"series: shop, {keys}"));
        await RunAsync("predict", package, "--input", _models.Write("all.csv", text), "--output", _models.File("all.out.csv"));

        // Rows of both series, of the first, of the other, and of both at different times.
        string[][] parts =
        [
            lines[1..14], [.. lines[14..30].Where(Is("north"))], [.. lines[14..24].Where(Is("south"))],
            [.. lines[24..30].Where(Is("south")), .. lines[30..41]], lines[41..42], lines[42..],
        ];
        var pieces = new List<string>();
        foreach (string[] part in parts)
        {
            string piece = _models.Write("piece.csv", string.Join('\n', part.Prepend(lines[0])) + "\n");
            string[] from = pieces.Count == 0 ? [] : ["--from-state", state];
            await RunAsync(["predict", package, "--input", piece, "--output", _models.File("piece.out.csv"), "--force",
                "--state-out", state, .. from]);
            pieces.AddRange(File.ReadAllLines(_models.File("piece.out.csv")).Skip(1));
        }

        string[] all = [.. File.ReadAllLines(_models.File("all.out.csv")).Skip(1)];
        foreach (string shop in (string[])["north", "south"])
            Assert.Equal(all.Where(Is(shop)), pieces.Where(Is(shop)));
        Assert.Equal(all.Length, pieces.Count);

        static Func<string, bool> Is(string shop) => row => row.Contains(shop, StringComparison.Ordinal);
    }

    /// <summary>What inputs read of the rows before, or wait for, goes with the state.</summary>
    [Theory]
    [InlineData("transform: {sales: difference},", false)]
    [InlineData("missingValues: forward,", true)]
    [InlineData("missingValues: forward, transform: {sales: difference},", true)]
    [InlineData("missingValues: mask, transform: {sales: log1p},", true)]
    [InlineData("inputs: [sales, weekday], known: [weekday], horizon: 3,", false)]
    [InlineData("inputs: [sales, weekday], known: [weekday], transform: {sales: difference, weekday: difference}, horizon: 2,", false)]
    [InlineData("inputs: [sales, weekday], known: [weekday], missingValues: forward, horizon: 2, time: day,", true)]
    public async Task Forecasts_AreTheSame_WhereInputsDependOnOtherRows(string keys, bool hasGaps)
    {
        string[] lines = [.. Panel().TrimEnd().Split('\n').Where((line, i) => i % 2 == 1 || i == 0)];
        for (int i = 5; hasGaps && i < lines.Length; i += i % 3 == 0 ? 1 : 4)
            lines[i] = $"{lines[i][..(lines[i].LastIndexOf(',') + 1)]}";
        string text = string.Join('\n', lines) + "\n", state = _models.File("state");
        string package = _models.Save(_models.Trained(text, keys));
        await RunAsync("predict", package, "--input", _models.Write("all.csv", text), "--output", _models.File("all.out.csv"));

        // Cuts of one row, of less rows than wait, and behind gaps.
        var pieces = new List<string>();
        int[] cuts = [1, 2, 3, 5, 6, 7, 8, 9, 17, lines.Length];
        for (int i = 1; i < cuts.Length; i++)
        {
            string piece = _models.Write("piece.csv", string.Join('\n', lines[cuts[i - 1]..cuts[i]].Prepend(lines[0])) + "\n");
            string[] from = i == 1 ? [] : ["--from-state", state];
            await RunAsync(["predict", package, "--input", piece, "--output", _models.File("piece.out.csv"), "--force",
                "--state-out", state, .. from]);
            pieces.AddRange(File.ReadAllLines(_models.File("piece.out.csv")).Skip(1));
        }

        Assert.Equal(File.ReadAllLines(_models.File("all.out.csv")).Skip(1), pieces);
    }

    [Fact]
    public async Task StateOut_IsRefused_WhereCellsAreFilledByRowsBehindThem()
    {
        string package = _models.Save(_models.Trained(OneSeries(), "missingValues: interpolate,")), state = _models.File("state");

        Assert.Equal(ExitCode.Usage, await _console.RunAsync(
            "predict", package, "--input", _models.Write("all.csv", OneSeries()), "--state-out", state));

        Assert.Contains("--state-out: found data.missingValues: interpolate, expected ", _console.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(state));
    }

    /// <summary>Rows before the state's are no rows that are the newest first.</summary>
    [Theory]
    [InlineData("2024-01-10")]
    [InlineData("2024-01-15")]
    public async Task RowsThatDoNotFollow_AreRefused_WhereInputsDependOnThoseBefore(string day)
    {
        string[] lines = Panel().TrimEnd().Split('\n');
        string text = string.Join('\n', lines.Where((line, i) => i % 2 == 1 || i == 0).Take(16)) + "\n", state = _models.File("state");
        string package = _models.Save(_models.Trained(text, "transform: {sales: difference}, time: day,"));
        await RunAsync("predict", package, "--input", _models.Write("all.csv", text), "--output", _models.File("out.csv"),
            "--state-out", state);
        string next = _models.Write("next.csv", $"{lines[0]}\n{day},north,large,3,1,300\n");

        Assert.Equal(ExitCode.BadSpec, await _console.RunAsync("predict", package, "--input", next, "--from-state", state));

        Assert.Contains("2024-01-15", _console.Error, StringComparison.Ordinal);
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
    public async Task StateOfAnotherModel_IsRefused()
    {
        string input = _models.Write("all.csv", OneSeries()), state = _models.File("state.safetensors");
        await RunAsync("predict", _models.Save(_models.Trained(OneSeries())), "--input", input, "--state-out", state);
        string other = _models.Save(_models.Trained(OneSeries(), seed: 2), "other");

        Assert.Equal(ExitCode.Failed, await _console.RunAsync("predict", other, "--input", input, "--from-state", state));

        Assert.Contains("found the state of a model with parameters of SHA-256", _console.Error, StringComparison.Ordinal);
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

    private static async Task RunAsync(params string[] arguments)
    {
        using var console = new ScriptedConsole();
        int code = await console.RunAsync(arguments);
        Assert.True(code == 0, console.Error);
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

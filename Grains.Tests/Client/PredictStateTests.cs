using System.Globalization;
using Orleans.Tbptt.Client;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Tests.Training.Models;
using Orleans.Tbptt.Training.Models;
using Orleans.Tbptt.Training.Steps;
using static Orleans.Tbptt.Tests.Training.Models.TrainedModels;

namespace Orleans.Tbptt.Tests.Client;

/// <summary>Hidden states before and after forecasts: rows that follow continue, wherever they are cut.</summary>
public sealed class PredictStateTests : IDisposable
{
    private readonly ScriptedConsole _console = new();
    private readonly TrainedModels _models = new();

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

        await ScriptedConsole.SucceedAsync("predict", package, "--input", first, "--output", out1, "--state-out", state);
        await ScriptedConsole.SucceedAsync(
            "predict", package, "--input", north, "--output", out2, "--from-state", state, "--state-out", state);
        await ScriptedConsole.SucceedAsync(
            "predict", package, "--input", rest, "--output", out3, "--from-state", state, "--state-out", state);
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
        await ScriptedConsole.SucceedAsync(
            "predict", package, "--input", _models.Write("all.csv", text), "--output", _models.File("all.out.csv"));

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
            await ScriptedConsole.SucceedAsync(["predict", package, "--input", piece, "--output", _models.File("piece.out.csv"), "--force",
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
        await ScriptedConsole.SucceedAsync(
            "predict", package, "--input", _models.Write("all.csv", text), "--output", _models.File("all.out.csv"));

        // Cuts of one row, of less rows than wait, and behind gaps.
        var pieces = new List<string>();
        int[] cuts = [1, 2, 3, 5, 6, 7, 8, 9, 17, lines.Length];
        for (int i = 1; i < cuts.Length; i++)
        {
            string piece = _models.Write("piece.csv", string.Join('\n', lines[cuts[i - 1]..cuts[i]].Prepend(lines[0])) + "\n");
            string[] from = i == 1 ? [] : ["--from-state", state];
            await ScriptedConsole.SucceedAsync(["predict", package, "--input", piece, "--output", _models.File("piece.out.csv"), "--force",
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
        await ScriptedConsole.SucceedAsync(
            "predict", package, "--input", _models.Write("all.csv", text), "--output", _models.File("out.csv"),
            "--state-out", state);
        string next = _models.Write("next.csv", $"{lines[0]}\n{day},north,large,3,1,300\n");

        Assert.Equal(ExitCode.BadSpec, await _console.RunAsync("predict", package, "--input", next, "--from-state", state));

        Assert.Contains("2024-01-15", _console.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StateOfAnotherModel_IsRefused()
    {
        string input = _models.Write("all.csv", OneSeries()), state = _models.File("state.safetensors");
        await ScriptedConsole.SucceedAsync("predict", _models.Save(_models.Trained(OneSeries())), "--input", input, "--state-out", state);
        string other = _models.Save(_models.Trained(OneSeries(), seed: 2), "other");

        Assert.Equal(ExitCode.Failed, await _console.RunAsync("predict", other, "--input", input, "--from-state", state));

        Assert.Contains("found the state of a model with parameters of SHA-256", _console.Error, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _console.Dispose();
        _models.Dispose();
    }
}

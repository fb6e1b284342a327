using System.Globalization;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Tests.Data.Tables;

/// <summary>Single rows are encoded as a file's are, to the bit.</summary>
public sealed class RowEncoderTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    [Theory]
    [InlineData("", "[sales]")]
    [InlineData("series: shop, time: day, scale: series,", "[sales]")]
    [InlineData("series: shop, time: day, scale: none,", "[sales, weekday]")]
    [InlineData("series: shop, time: day, transform: {sales: log1p}, static: [size], categorical: [kind, shop],", "[sales, size]")]
    [InlineData("series: shop, time: day, scale: series, missingValues: mask, categorical: [shop],", "[sales, weekday]")]
    [InlineData("transform: {sales: difference},", "[sales]")]
    [InlineData("series: shop, time: day, scale: series, transform: {sales: difference}, missingValues: mask,", "[sales, weekday]")]
    [InlineData("series: shop, time: day, transform: {sales: difference}, missingValues: forward,", "[sales, weekday]")]
    [InlineData("series: shop, time: day, missingValues: forward, transform: {sales: log},", "[sales, weekday]")]
    [InlineData("series: shop, time: day, known: [weekday],", "[sales, weekday]")]
    [InlineData("series: shop, time: day, known: [weekday, kind], categorical: [kind], horizon: 2,", "[sales, kind]")]
    public void Row_HasTheInputsAndUnits_ThatAFileHas(string keys, string inputs)
    {
        string text = !keys.Contains("series", StringComparison.Ordinal) ? TrainedModels.OneSeries : TrainedModels.Panel;
        if (keys.Contains("mask", StringComparison.Ordinal) || keys.Contains("forward", StringComparison.Ordinal))
        {
            // A cell of a number, one behind it, and those of sales in two rows that follow each other.
            text = text.Replace("2024-01-03,north,large,3,2,", "2024-01-03,north,large,3,,", StringComparison.Ordinal);
            string[] all = text.Split('\n');
            foreach (int row in (int[])[11, 13, 24])
                all[row] = all[row][..(all[row].LastIndexOf(',') + 1)];
            text = string.Join('\n', all);
        }

        var package = TrainedModels.Of(_directory, text, keys, inputs: inputs);
        var encoder = Forecasting.RowsOf(package.Spec, package.Config.Contents);
        var expected = package.Forecasts(_directory, text);
        using var predictor = new StepPredictor(package.Spec, encoder.Shape, package.Parameters.Span);
        string[] names = text.Split('\n')[0].Split(',');
        var hidden = new Dictionary<string, float[]>();
        var carried = new Dictionary<string, double[]>();
        var found = new Dictionary<string, List<double[]>>();
        Dictionary<string, string>[] rows =
        [
            .. text.TrimEnd().Split('\n').Skip(1)
                .Select(line => names.Zip(line.Split(',')).ToDictionary(cell => cell.First, cell => cell.Second)),
        ];
        foreach (var (index, cells) in rows.Index())
        {
            string series = cells.GetValueOrDefault("shop", "");

            // What is known ahead is read from the row that is forecast, and called so.
            var ahead = rows.Skip(index + 1).Where(row => row.GetValueOrDefault("shop", "") == series)
                .ElementAtOrDefault(encoder.Horizon - 1);
            if (ahead is null && encoder.Numbers.Concat(encoder.Texts).Any(name => name.Contains(" +", StringComparison.Ordinal)))
                continue;
            string Cell(string name) => name.EndsWith($" +{encoder.Horizon}", StringComparison.Ordinal) ? ahead![name[..^3]] : cells[name];
            double[] numbers = [.. encoder.Numbers.Select(name => Cell(name).Length == 0 ? double.NaN
                : double.Parse(Cell(name), CultureInfo.InvariantCulture))];
            string[] texts = [.. encoder.Texts.Select(Cell)];
            if (!carried.TryGetValue(series, out double[]? before))
                RowEncoder.Begin(carried[series] = before = new double[encoder.Carried]);
            float[] values = new float[encoder.Shape.InputFeatures], outputs = new float[1];
            long[] codes = new long[encoder.Shape.Codes];
            Assert.Null(encoder.Encode(numbers, texts, before, values, codes));
            encoder.Carry(numbers, before);
            float[] after = new float[predictor.HiddenLength];
            predictor.Step(1, values, codes, hidden.GetValueOrDefault(series, new float[after.Length]), after, outputs);
            hidden[series] = after;
            double[] forecasts = new double[1];
            encoder.ToUnits(texts, outputs, forecasts);
            if (!found.TryGetValue(series, out var ofSeries))
                found.Add(series, ofSeries = []);
            ofSeries.Add(forecasts);
        }

        Assert.Equal(expected.Keys.Order(), found.Keys.Order());
        Assert.All(expected, series => Assert.Equal(
            series.Value.Select(row => BitConverter.DoubleToInt64Bits(row[0])),
            found[series.Key].Select(row => BitConverter.DoubleToInt64Bits(row[0]))));
    }

    [Fact]
    public void Mistakes_AreNamed_ByTheirColumn()
    {
        var package = TrainedModels.Of(
            _directory, TrainedModels.Panel, "series: shop, time: day, scale: series, transform: {size: log}, categorical: [kind],",
            inputs: "[sales, size]");
        var encoder = Forecasting.RowsOf(package.Spec, package.Config.Contents);

        Assert.Equal(["sales", "size"], encoder.Numbers);
        Assert.Equal(["kind", "shop"], encoder.Texts);
        Assert.Equal(("sales", "found no value, expected a number"), Encode([double.NaN, 1], ["large", "north"]));
        Assert.Equal("size", Encode([1, 0], ["large", "north"])!.Value.Column);
        Assert.StartsWith("found 'west', expected a series that the model was trained on", Encode([1, 1], ["large", "west"])!.Value.Problem,
            StringComparison.Ordinal);
        Assert.Equal("kind", Encode([1, 1], ["<unknown>", "north"])!.Value.Column);
        Assert.Equal("", Encode([1], ["large", "north"])!.Value.Column);
        Assert.Equal("sales", Encode([1e300, 1], ["large", "north"])!.Value.Column);
        Assert.Null(Encode([1, 1], ["never seen", "north"]));

        (string Column, string Problem)? Encode(double[] numbers, string?[] texts) =>
            encoder.Encode(numbers, texts, [], new float[encoder.Shape.InputFeatures], new long[encoder.Shape.Codes]);
    }

    [Theory]
    [InlineData("missingValues: interpolate,", "[sales]", "data.missingValues: interpolate")]
    [InlineData("known: [weekday], transform: {weekday: difference},", "[sales, weekday]", "the difference of 'weekday', which data.known")]
    public void Model_IsRefused_WhoseInputsDependOnRowsBehindThem(string keys, string inputs, string cause)
    {
        var package = TrainedModels.Of(_directory, TrainedModels.Panel, $"series: shop, time: day, {keys}", inputs: inputs);

        var refusal = Assert.Throws<SpecException>(() => Forecasting.RowsOf(package.Spec, package.Config.Contents));

        Assert.Contains(cause, refusal.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();
}

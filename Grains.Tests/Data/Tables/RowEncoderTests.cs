using System.Globalization;
using Orleans.Tbptt.Data.Preparation;
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
    public void Row_HasTheInputsAndUnits_ThatAFileHas(string keys, string inputs)
    {
        string text = keys.Length == 0 ? TrainedModels.OneSeries : TrainedModels.Panel;
        if (keys.Contains("mask", StringComparison.Ordinal))
            text = text.Replace("2024-01-03,north,large,3,2,", "2024-01-03,north,large,3,,", StringComparison.Ordinal);
        var package = TrainedModels.Of(_directory, text, keys, inputs: inputs);
        var encoder = Forecasting.RowsOf(package.Spec, package.Config.Contents);
        var expected = package.Forecasts(_directory, text);
        using var predictor = new StepPredictor(package.Spec, encoder.Shape, package.Parameters.Span);
        string[] names = text.Split('\n')[0].Split(',');
        var hidden = new Dictionary<string, float[]>();
        var found = new Dictionary<string, List<double[]>>();
        foreach (string line in text.TrimEnd().Split('\n').Skip(1))
        {
            var cells = names.Zip(line.Split(',')).ToDictionary(cell => cell.First, cell => cell.Second);
            string series = cells.GetValueOrDefault("shop", "");
            double[] numbers = [.. encoder.Numbers.Select(name => cells[name].Length == 0 ? double.NaN
                : double.Parse(cells[name], CultureInfo.InvariantCulture))];
            string[] texts = [.. encoder.Texts.Select(name => cells[name])];
            float[] values = new float[encoder.Shape.InputFeatures], outputs = new float[1];
            long[] codes = new long[encoder.Shape.Codes];
            Assert.Null(encoder.Encode(numbers, texts, values, codes));
            float[] after = new float[predictor.HiddenLength];
            predictor.Step(1, values, codes, hidden.GetValueOrDefault(series, new float[after.Length]), after, outputs);
            hidden[series] = after;
            double[] forecasts = new double[1];
            encoder.ToUnits(texts, outputs, forecasts);
            if (!found.TryGetValue(series, out var rows))
                found.Add(series, rows = []);
            rows.Add(forecasts);
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
            encoder.Encode(numbers, texts, new float[encoder.Shape.InputFeatures], new long[encoder.Shape.Codes]);
    }

    [Theory]
    [InlineData("transform: {sales: difference},", "the difference of 'sales' to the row before")]
    [InlineData("missingValues: forward,", "data.missingValues: forward")]
    public void Model_IsRefused_WhoseInputsDependOnOtherRows(string keys, string cause)
    {
        var package = TrainedModels.Of(_directory, TrainedModels.OneSeries, keys);

        var refusal = Assert.Throws<SpecException>(() => Forecasting.RowsOf(package.Spec, package.Config.Contents));

        Assert.Contains(cause, refusal.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();
}

using Microsoft.ML.OnnxRuntime;
using Orleans.Tbptt.Client.Export.Onnx;
using Orleans.Tbptt.Descriptions;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Tests.Client.Export;

/// <summary>What an exported graph refuses in ONNX Runtime, because a number would be made up for it, or a step would be wrong.</summary>
public sealed class OnnxRefusalTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void UnknownSeries_IsRefused_UnknownClassIsNot()
    {
        var panel = new Panel(_directory.Path, 2, 50);
        var graph = OnnxModel.Of(panel.Model(
            "cell: gru, hiddenSize: 6", "series: shop, inputs: [sales], targets: [sales], scale: series, categorical: [kind]"));
        using var session = new OnnxSession(graph);
        double[] Forecast(string series, string kind) => session.Run<double>(
            ("values", new double[] { 100 }, [1, 1, 1]), ("series", new[] { series }, [1]), ("classes", new[] { kind }, [1, 1, 1]));

        Assert.NotEqual(Forecast("shop 0", "kind 1"), Forecast("shop 0", "another"));
        var refusal = Assert.Throws<OnnxRuntimeException>(() => Forecast("shop 9", "kind 1"));
        Assert.Contains("_of_a_series_that_the_model_was_not_trained_on'", refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>ONNX Runtime's LSTM and GRU would make plausible numbers of it.</summary>
    [Theory]
    [InlineData("", double.NaN)]
    [InlineData("", double.PositiveInfinity)]
    [InlineData("transform: {sales: log}", 0.0)]
    [InlineData("transform: {sales: log}", -1.0)]
    [InlineData("missingValues: forward", double.NaN)]
    public void CellWithoutANumber_IsRefused_AndLeavesTheState(string data, double cell)
    {
        var panel = new Panel(_directory.Path, 1, 50);
        var graph = OnnxModel.Of(panel.Model("cell: lstm, hiddenSize: 6", $"inputs: [sales, price], {data}"));
        using OnnxSession session = new(graph), undisturbed = new(graph);
        Assert.Equal(Forecast(undisturbed, 100), Forecast(session, 100));

        var refusal = Assert.Throws<OnnxRuntimeException>(() => Forecast(session, cell));

        Assert.Contains("values_has_a_cell_that_is_missing_or_has_no_logarithm", refusal.Message, StringComparison.Ordinal);
        double[] second = Forecast(undisturbed, 100);
        Assert.Equal(second, Forecast(session, 100));
        Assert.NotEqual(second, Forecast(session, 100));

        static double[] Forecast(OnnxSession session, double sales) =>
            session.Run<double>(("values", new[] { 100, 3, sales, 3 }, [2, 1, 2]));
    }

    /// <summary>A column that had no gap in training has none that the model was trained to read.</summary>
    [Fact]
    public void MissingCell_IsRefused_WhereTrainingHadNone()
    {
        var panel = new Panel(_directory.Path, 1, 50) { HasGaps = true };
        using var session = new OnnxSession(
            OnnxModel.Of(panel.Model("cell: lstm, hiddenSize: 6", "inputs: [promotion, price], targets: [price], missingValues: mask")));
        double[] Forecast(double promotion, double price) => session.Run<double>(("values", new[] { promotion, price }, [1, 1, 2]));

        Assert.All(Forecast(1, double.NaN), forecast => Assert.True(double.IsFinite(forecast)));
        Assert.Throws<OnnxRuntimeException>(() => Forecast(double.NaN, 3));
    }

    /// <summary>
    /// A column without a value in the rows to train on has no scale: what stands in it is refused, and other columns keep theirs.
    /// </summary>
    [Fact]
    public void ValueWithoutAScale_IsRefused()
    {
        var package = new Panel(_directory.Path, 1, 50) { HasGaps = true }.Model(
            "cell: gru, hiddenSize: 6", "inputs: [sales, price], targets: [sales], missingValues: mask");
        DataDescription without = new()
        {
            Source = "csv", Training = new(1, 49, 49, 49, null), Lanes = new(1, 5, 0), Memory = new(1, 1),
            Contents = package.Config.Contents with
            {
                Columns = [.. package.Config.Columns.Select(
                    one => one.Name == "price" ? one with { ScaleMean = null, ScaleDeviation = null } : one)],
            },
        };
        using var usual = new OnnxSession(OnnxModel.Of(package));
        using var session = new OnnxSession(OnnxModel.Of(ModelPackage.Of(
            Sample.Status(RunState.Completed), package.Spec, package.Config.Spec, new([], without), package.Parameters, package.Hidden)));
        double[] Forecast(OnnxSession graph, double price) => graph.Run<double>(("values", new[] { 100, price }, [1, 1, 2]));

        Assert.Equal(Forecast(usual, double.NaN), Forecast(session, double.NaN));
        Assert.Throws<OnnxRuntimeException>(() => Forecast(session, 3));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(4)]
    public void TokenOutOfRange_IsRefused(long token)
    {
        string text = Path.Combine(_directory.Path, "text.txt");
        File.WriteAllText(text, string.Concat(Enumerable.Repeat("abcd", 50)));
        using var session = new OnnxSession(OnnxModel.Of(Panel.Initial(
            $$"""
            name: text
            model: {cell: rnn, hiddenSize: 4, embedding: {size: 3} }
            data: {source: "characters:{{text}}", batchSize: 1}
            tbptt: {chunkLength: 10}
            train: {epochs: 1, loss: cross_entropy, optimizer: {name: sgd, lr: 0.1} }
            """)));

        session.Run<float>(("tokens", new long[] { 0, 3 }, [2, 1]));

        Assert.Throws<OnnxRuntimeException>(() => session.Run<float>(("tokens", new[] { token }, [1, 1])));
    }
}

using Orleans.Tbptt.Client.Export.Onnx;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Tests.Client.Export;

/// <summary>
/// Exported graphs in ONNX Runtime against our own forecasts: all rows at once, and row by row with the states carried.
/// </summary>
/// <remarks>
/// The tolerance is 1e-5 of a target's standard deviation, which is 1e-5 of an output of the network. Both compute in float32 and differ in
/// the order of sums and in exp and tanh, each by some 1e-7 of a number near 1; the differences are carried in the state, which forgets.
/// </remarks>
public sealed class OnnxRuntimeTests : IDisposable
{
    private const int Rows = 1000;
    private const double Tolerance = 1e-5;

    private readonly TemporaryDirectory _directory = new();

    [Theory]
    [InlineData("cell: lstm, hiddenSize: 24", 1, "inputs: [sales, price], targets: [price, sales]")]
    [InlineData("cell: lstm, hiddenSize: 16, layers: 3", 64, "inputs: [sales, price], targets: [sales], scale: series")]
    [InlineData("cell: gru, hiddenSize: 24", 64, "inputs: [sales, price], targets: [sales], transform: {price: log}")]
    [InlineData("cell: gru, hiddenSize: 16, layers: 2", 1,
        "inputs: [sales, price], targets: [sales, price], transform: {sales: log1p, price: log}")]
    [InlineData("cell: gru, hiddenSize: 16", 3,
        "inputs: [sales, promotion], targets: [sales], known: [promotion], categorical: [kind, shop]")]
    [InlineData("cell: gru, hiddenSize: 16, layers: 3, layerNorm: true, residual: true", 3, "inputs: [sales, price], targets: [price]")]
    [InlineData("cell: lstm, hiddenSize: 16, layers: 2, residual: true", 3, "inputs: [sales, price], targets: [price]")]
    [InlineData("cell: lstm, hiddenSize: 16, layers: 2, learnInitialState: true", 3, "inputs: [sales, price], targets: [price]")]
    [InlineData("cell: {name: lstm, projectionSize: 7}, hiddenSize: 16, layers: 2", 3, "inputs: [sales, price], targets: [price]")]
    [InlineData("cell: {name: gru, resetAfter: false}, hiddenSize: 16, layers: 2", 3, "inputs: [sales, price], targets: [price]")]
    [InlineData("cell: {name: rnn, nonlinearity: relu}, hiddenSize: 16, layers: 2", 3, "inputs: [sales, price], targets: [price]")]
    [InlineData("cell: rnn, hiddenSize: 16, layers: 2", 3,
        "inputs: [sales, price], targets: [price], transform: {sales: log1p}, horizon: 2")]
    [InlineData("cell: lstm, hiddenSize: 16", 3,
        "inputs: [sales, price], targets: [sales, price], transform: {sales: log1p}, horizon: 1..3")]
    [InlineData("cell: rnn, hiddenSize: 24", 64, "inputs: [sales, promotion], targets: [sales], known: [promotion]")]
    [InlineData("cell: lstm, hiddenSize: 16", 3, "inputs: [price], targets: [price], standardize: false")]
    [InlineData("cell: gru, hiddenSize: 16", 3, "inputs: [kind, shop], targets: [sales], categorical: [kind, shop]")]
    [InlineData("cell: rnn, hiddenSize: 16", 1, "inputs: [kind], targets: [sales], categorical: [kind], transform: {sales: log}")]
    [InlineData("cell: gru, hiddenSize: 16", 3, "inputs: [sales, price], targets: [sales], transform: {sales: difference}")]
    [InlineData("cell: lstm, hiddenSize: 16", 1, "inputs: [price], targets: [price], transform: {price: difference}, scale: series")]
    [InlineData("cell: lstm, hiddenSize: 16", 3,
        "inputs: [sales, price], targets: [sales], missingValues: mask, transform: {price: difference}, categorical: [kind]")]
    [InlineData("cell: gru, hiddenSize: 16", 3,
        "inputs: [sales, promotion], targets: [sales], known: [promotion, kind], categorical: [kind], horizon: 2")]
    [InlineData("cell: lstm, hiddenSize: 16, layers: 2", 3,
        "inputs: [sales, size], targets: [sales], static: [size, shop], categorical: [shop], horizon: 3")]
    [InlineData("cell: rnn, hiddenSize: 16", 3, "inputs: [sales, size], targets: [sales], static: [size], scale: series")]
    [InlineData("cell: gru, hiddenSize: 16", 3, "inputs: [sales, price], targets: [sales, price], missingValues: forward")]
    [InlineData("cell: lstm, hiddenSize: 16", 1,
        "inputs: [sales, price], targets: [sales], missingValues: forward, transform: {price: difference, sales: log}")]
    public void Forecasts_AreOurOwn_RowByRowAndAtOnce(string model, int shops, string data)
    {
        var panel = new Panel(_directory.Path, shops, Rows) { HasGaps = data.Contains("missingValues", StringComparison.Ordinal) };
        var package = panel.Model(model, $"series: shop, {data}");
        int horizon = ((TableSource)package.Spec.Data.Source).Horizon;
        double[][] expected = Forecasts(package, panel);
        var graph = OnnxModel.Of(package);
        using var session = new OnnxSession(graph);
        var inputs = new PanelInputs(panel, session, data, horizon);
        int rows = expected[0].Length / package.Config.OutputSize;

        session.Begin(graph, shops);
        double[] once = session.Run<double>(inputs.Rows(0, rows));
        session.Begin(graph, shops);
        double[] steps = [.. Enumerable.Range(0, rows).SelectMany(row => session.Run<double>(inputs.Rows(row, 1)))];

        Assert.Equal(data.Contains("known", StringComparison.Ordinal) ? Rows - horizon : Rows, rows);
        for (int shop = 0; shop < shops; shop++)
        {
            for (int i = 0; i < expected[shop].Length; i++)
            {
                (int row, int target) = (i / package.Config.OutputSize, i % package.Config.OutputSize);
                int at = (((row * shops) + shop) * package.Config.OutputSize) + target;
                double near = Tolerance * Deviation(package, target);
                Assert.Equal(expected[shop][i], once[at], near);
                Assert.Equal(expected[shop][i], steps[at], near);
            }
        }
    }

    /// <summary>What losses make of outputs is in the graph, too.</summary>
    [Theory]
    [InlineData("{name: quantile, quantiles: [0.1, 0.3, 0.5, 0.9]}", "inputs: [sales, price], targets: [price, sales]")]
    [InlineData("quantile", "inputs: [sales], targets: [sales], transform: {sales: log1p}, scale: series")]
    [InlineData("gaussian", "inputs: [sales, price], targets: [sales, price], scale: series")]
    [InlineData("student_t", "inputs: [sales, price], targets: [price]")]
    [InlineData("binary_cross_entropy", "inputs: [promotion], targets: [promotion], standardize: false")]
    public void Predictions_AreOurOwn(string loss, string data)
    {
        const int Shops = 3;
        var panel = new Panel(_directory.Path, Shops, 200);
        var package = panel.Model("cell: gru, hiddenSize: 16", $"series: shop, {data}", loss);
        double[][] expected = Forecasts(package, panel);
        var graph = OnnxModel.Of(package);
        using var session = new OnnxSession(graph);
        var inputs = new PanelInputs(panel, session, data, horizon: 1);
        int outputs = package.Config.OutputSize, per = package.Spec.Train.Loss.OutputsPerTarget;

        session.Begin(graph, Shops);
        double[] found = session.Run<double>(inputs.Rows(0, expected[0].Length / outputs));

        for (int shop = 0; shop < Shops; shop++)
        {
            for (int i = 0; i < expected[shop].Length; i++)
            {
                (int row, int output) = (i / outputs, i % outputs);
                double near = Tolerance * Math.Max(1, Deviation(package, output / per));
                Assert.Equal(expected[shop][i], found[(((row * Shops) + shop) * outputs) + output], near);
            }
        }
    }

    [Fact]
    public void Scores_OfTokens_AreOurOwn()
    {
        string text = Path.Combine(_directory.Path, "text.txt");
        File.WriteAllText(text, string.Concat(Enumerable.Range(0, 300).Select(i => $"{i} green bottles\n")));
        string spec =
            $$"""
            name: text
            model: {cell: gru, hiddenSize: 16, layers: 2, embedding: {size: 8} }
            data: {source: "characters:{{text}}", batchSize: 4}
            tbptt: {chunkLength: 10}
            train: {epochs: 1, loss: cross_entropy, optimizer: {name: sgd, lr: 0.1} }
            """;
        var package = Panel.Initial(spec);
        using var prepared = PreparedRun.Prepare(package.Spec);
        using var predictor = new SequencePredictor(package.Spec, prepared.Data.Shape, package.Parameters.Span);
        var sequences = prepared.Data.Training;
        int length = sequences.Length(0), vocabulary = package.Config.OutputSize;
        var expected = new float[4 * length * vocabulary];
        predictor.Run(
            sequences, 4, 50, new float[4 * predictor.HiddenLength],
            (slice, outputs) => outputs.CopyTo(expected.AsSpan(((slice.Sequence * length) + slice.Start) * vocabulary)));
        var tokens = new long[length];
        sequences.ReadInputs(new(1, 0, length), tokens);
        using var session = new OnnxSession(OnnxModel.Of(package));

        float[] once = session.Run<float>(("tokens", tokens[..200], [200, 1]));
        float[] rest = session.Run<float>(("tokens", tokens[200..], [length - 200, 1]));

        Assert.True(length > 1000);
        Assert.All(
            expected.AsSpan(length * vocabulary, length * vocabulary).ToArray().Zip([.. once, .. rest]),
            pair => Assert.Equal(pair.First, pair.Second, Tolerance));
    }

    [Fact]
    public void Outputs_OfArrays_AreOurOwn()
    {
        var package = Panel.Initial(
            """
            name: wave
            model: {cell: lstm, hiddenSize: 12, layers: 2}
            data: {source: sine, batchSize: 1, sequences: 1, sequenceLength: 1000}
            tbptt: {chunkLength: 5}
            train: {epochs: 1, loss: mse, optimizer: {name: sgd, lr: 0.1}}
            """);
        using var prepared = PreparedRun.Prepare(package.Spec);
        using var predictor = new SequencePredictor(package.Spec, prepared.Data.Shape, package.Parameters.Span);
        var expected = new float[1000];
        predictor.Run(
            prepared.Data.Training, 1, 50, new float[predictor.HiddenLength],
            (slice, outputs) => outputs.CopyTo(expected.AsSpan(slice.Start)));
        var values = new float[1000];
        prepared.Data.Training.ReadInputs(new(0, 0, 1000), values);
        using var session = new OnnxSession(OnnxModel.Of(package));

        float[] steps = [.. values.SelectMany(value => session.Run<float>(("values", new[] { value }, [1, 1, 1])))];

        Assert.All(expected.Zip(steps), pair => Assert.Equal(pair.First, pair.Second, Tolerance));
        Assert.Equal(["h_l0", "c_l0", "h_l1", "c_l1"], session.States);
    }

    /// <summary>The initializers of the states are what a call has that feeds none.</summary>
    [Fact]
    public void FirstCall_HasTheInitialStates_WithoutBeingFed()
    {
        var panel = new Panel(_directory.Path, 1, 50);
        var graph = OnnxModel.Of(
            panel.Model("cell: lstm, hiddenSize: 6, learnInitialState: true", "inputs: [sales], transform: {sales: difference}"));
        using var session = new OnnxSession(graph);
        (string, Array, long[]) row = ("values", new double[] { 100 }, [1, 1, 1]);

        double[] first = session.Run<double>(row);
        double[] second = session.Run<double>(row);
        session.Begin(graph, 1);

        Assert.Equal(first, session.Run<double>(row));
        Assert.NotEqual(first, second);
    }

    /// <summary>Of two lanes, that of the last one; both layers, h and c.</summary>
    [Fact]
    public void EndOfTraining_IsTheInitialState_WhereThatIsAskedFor()
    {
        var package = TrainedModels.Of(_directory, TrainedModels.OneSeries, model: "cell: lstm, hiddenSize: 4, layers: 2");
        double[] rows = [.. Enumerable.Range(0, 30).Select(i => 100.0 + (i * 7 % 13))];
        string path = _directory.File("later.csv");
        File.WriteAllText(path, "sales\n" + string.Concat(rows.Select(row => $"{row}\n")));
        using var data = Forecasting.Open(package.Spec, package.Config.Contents, path);
        List<double> expected = [];
        Forecaster.Run(package, data, TrainingEnd.StateOf(package), (_, forecasts) => expected.AddRange(forecasts));
        using OnnxSession session = new(OnnxModel.Of(package, fromEnd: true)), zero = new(OnnxModel.Of(package));

        double[] found = session.Run<double>(("values", rows, [rows.Length, 1, 1]));

        double near = Tolerance * Deviation(package, 0);
        Assert.All(expected.Zip(found), pair => Assert.Equal(pair.First, pair.Second, near));
        Assert.True(Math.Abs(found[0] - zero.Run<double>(("values", rows, [rows.Length, 1, 1]))[0]) > 10 * near);
    }

    public void Dispose() => _directory.Dispose();

    private static double Deviation(ModelPackage package, int target)
    {
        var table = (TableSource)package.Spec.Data.Source;
        string column = table.ColumnsOf(package.Config.Targets)[target / table.Horizons];
        return package.Config.Columns.First(one => one.Name == column).Deviation!.Value;
    }

    private static double[][] Forecasts(ModelPackage package, Panel panel)
    {
        using var data = Forecasting.Open(package.Spec, package.Config.Contents, panel.Path);
        List<double>[] all = [.. Enumerable.Range(0, panel.Shops).Select(_ => new List<double>())];
        Forecaster.Run(
            package, data, Forecaster.Starts(package, panel.Shops),
            (slice, forecasts) => all[slice.Sequence].AddRange(forecasts));
        return [.. all.Select(one => one.ToArray())];
    }

    /// <summary>Rows of all shops as a graph takes them.</summary>
    private sealed class PanelInputs(Panel panel, OnnxSession session, string data, int horizon)
    {
        private readonly bool _hasScales = data.Contains("scale: series", StringComparison.Ordinal);

        // Cells without a value have the last one before.
        private readonly bool _isFilled = data.Contains("missingValues: forward", StringComparison.Ordinal);
        private readonly string[] _values = session.Names("values"), _classes = session.Names("classes"), _known = session.Names("known");

        public (string Name, Array Values, long[] Shape)[] Rows(int first, int count) =>
        [
            .. _values.Length == 0 ? [] : Input(
                "values", Cells(_values, first, count, Number), count, panel.Shops, _values.Length),
            .. _classes.Length == 0 ? [] : Input(
                "classes", Cells(_classes, first, count, panel.Class), count, panel.Shops, _classes.Length),
            .. _hasScales ? Input("series", Enumerable.Range(0, panel.Shops).Select(Panel.Name).ToArray(), panel.Shops) : [],
        ];

        private double Number(string column, int shop, int row)
        {
            while (_isFilled && row > 0 && double.IsNaN(panel.Number(column, shop, row)))
                row--;
            return panel.Number(column, shop, row);
        }

        private static (string, Array, long[])[] Input(string name, Array values, params long[] shape) => [(name, values, shape)];

        private T[] Cells<T>(string[] columns, int first, int count, Func<string, int, int, T> cell) =>
        [
            .. from row in Enumerable.Range(first, count)
               from shop in Enumerable.Range(0, panel.Shops)
               from column in columns
               select cell(column, shop, _known.Contains(column) ? row + horizon : row),
        ];
    }
}

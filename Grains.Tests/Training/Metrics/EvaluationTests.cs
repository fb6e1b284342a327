using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Data;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Metrics;
using Orleans.Tbptt.Training.SingleProcess;

namespace Orleans.Tbptt.Tests.Training.Metrics;

/// <summary>
/// Errors in the targets' units, by hand: a model whose parameters are 0, the head's bias excepted, forecasts that bias always.
/// </summary>
public sealed class EvaluationTests : IDisposable
{
    private static readonly float[] Bias = [0.25f, -0.5f];
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("fused")]
    [InlineData("torch")]
    public void Errors_AreInTheUnitsOfEachTarget_AlsoOfOneThatIsNoInput(string engine)
    {
        double[] a = [.. Enumerable.Range(0, 50).Select(i => 1e6 + (i * i % 17))];
        double[] b = [.. Enumerable.Range(0, 50).Select(i => -3.0 * (i % 7))];
        string path = Write("a,b", a.Zip(b, (one, other) => FormattableString.Invariant($"{one},{other}")));
        using PreparedRun run = Prepare(
            Given.Csv(path, lanes: 3, fraction: 0.2, standardize: true)
                .From<CsvSource>(csv => csv with { Inputs = ["a"], Targets = ["a", "b"], Horizon = 2 }), engine);

        HeldOutFigures held = Evaluate(run);

        // The last 10 rows are held out: 8 targets, 42 to 49.
        var (ofA, ofB) = (Expected(a, 40, 42..50, Bias[0]), Expected(b, 40, 42..50, Bias[1]));
        double naive = Math.Sqrt(Enumerable.Range(42, 8).Average(row => Math.Pow(a[row] - a[row - 2], 2)));
        Assert.Equal(new(3, 8, 16), held.Size);
        Assert.Equal(held.Size.Elements, run.Description.Validation!.Elements);
        Same(
            [
                .. Figures(ofA, "a", 8), new("naive last-value RMSE", naive, "a", MetricKind.Baseline), .. Figures(ofB, "b", 8),
            ],
            held.Metrics, 1e-6);
    }

    /// <summary>The loss is divided by the signal's energy, which is no number of elements.</summary>
    [Fact]
    public void Elements_AreCounted_WhateverTheLossDividesBy()
    {
        string path = Write("a", Enumerable.Range(0, 50).Select(i => FormattableString.Invariant($"{0.01 * (i % 7)}")));
        var spec = Given.Spec(Given.Csv(path, lanes: 3, fraction: 0.2)) with { Tbptt = new() { ChunkLength = 3 } };
        using PreparedRun run = PreparedRun.Prepare(spec with { Train = spec.Train with { Loss = new ErrorToSignal() } });

        Assert.Equal(new(3, 9, 9), Evaluate(run).Size);
    }

    [Theory]
    [InlineData(TableScale.Series)]
    [InlineData(TableScale.Column)]
    public void Errors_AreKnownForEachSeries_InItsOwnScale(TableScale scale)
    {
        double[] a = [.. Enumerable.Range(0, 20).Select(i => (double)(i * i % 17))];
        double[] b = [.. Enumerable.Range(0, 30).Select(i => 1000.0 * (i % 7))];
        string path = Write(
            "store,x",
            [.. a.Select(x => FormattableString.Invariant($"north,{x}")), .. b.Select(x => FormattableString.Invariant($"south,{x}"))]);
        using PreparedRun run = Prepare(
            Given.Csv(path, lanes: 2, fraction: 0.2, standardize: true)
                .From<CsvSource>(csv => csv with { Series = "store", Inputs = ["x"], Targets = ["x"], Scale = scale }), "fused");

        HeldOutFigures held = Evaluate(run);

        double[] both = scale == TableScale.Series ? [] : [.. a[..16], .. b[..24]];
        var north = Expected(a, 16, 17..20, Bias[0], both, [a[..16], b[..24]]);
        var south = Expected(b, 24, 25..30, Bias[0], both, [a[..16], b[..24]]);
        var all = new Errors(
            Math.Sqrt(((3 * north.Rmse * north.Rmse) + (5 * south.Rmse * south.Rmse)) / 8), ((3 * north.Mae) + (5 * south.Mae)) / 8,
            ((3 * north.Smape) + (5 * south.Smape)) / 8, ((3 * north.Mase) + (5 * south.Mase)) / 8);
        Assert.Equal(new(2, 8, 8), held.Size);
        Same(
            [
                .. Figures(all, "x", 8),
                new("naive last-value RMSE", Math.Sqrt((Steps(a, 17..20).Sum() + Steps(b, 25..30).Sum()) / 8), "x", MetricKind.Baseline),
                .. Figures(north, "x", 3, "north"), .. Figures(south, "x", 5, "south"),
            ],
            held.Metrics, 1e-6);

        static IEnumerable<double> Steps(double[] x, Range rows) =>
            Enumerable.Range(rows.Start.Value, rows.End.Value - rows.Start.Value).Select(row => Math.Pow(x[row] - x[row - 1], 2));
    }

    [Fact]
    public void MaskedElements_CountInNoError()
    {
        string[] cells = [.. Enumerable.Range(0, 20).Select(i => i is 3 or 17 or 18 ? "" : $"{i * i % 11}")];
        string path = Write("x,y", cells.Select(cell => $"{cell},1"));
        using PreparedRun run = Prepare(
            Given.Csv(path, lanes: 1, fraction: 0.25, standardize: true).From<CsvSource>(
                csv => csv with { Inputs = ["y"], Targets = ["x"], MissingValues = MissingValues.Mask }), "fused");
        double[] trained = [.. cells[..15].Where(cell => cell.Length > 0).Select(double.Parse)];

        HeldOutFigures held = Evaluate(run);

        // Of the targets in rows 16 to 19, two are missing.
        Assert.Equal(new(1, 4, 2), held.Size);
        Assert.Equal(2, run.Description.Validation!.Elements);
        // The naive forecast of row 4 is missing, and so is what came in row 3.
        double[][] parts = [[.. trained[..3]], [.. trained[3..]]];
        Same(
            [.. Figures(Expected([16 * 16 % 11, 19 * 19 % 11], 0, 0..2, Bias[0], trained, parts), "x", 2)], held.Metrics, 1e-6);
    }

    public static TheoryData<Loss, string[]> Losses { get; } = new()
    {
        { new SquaredError(), [] }, { new Gaussian(), ["CRPS", "coverage 0.8"] }, { new StudentT(), ["CRPS", "coverage 0.8"] },
        { new Quantile(), ["CRPS", "pinball loss", "coverage 0.8", "coverage q0.1", "coverage q0.5", "coverage q0.9"] },
    };

    [Theory, MemberData(nameof(Losses))]
    public void Errors_HaveTheSameBits_ForAnyNumberOfTrainers(Loss loss, string[] more)
    {
        HeldOutFigures Held(int trainers)
        {
            using var data = new FormulaData(new(3, 0, 2, 0) { IsMasked = true }, [4, 5, 6, 7, 8, 9], [9, 4, 12, 7, 5, 11, 3, 31]);
            var spec = TestSpecs.Average(trainers, layers: 2).OnEngine("fused");
            spec = spec with
            {
                Tbptt = new() { ChunkLength = 5 }, Train = spec.Train with { Loss = loss },
                Model = spec.Model with { InputSize = 3, OutputSize = 2 * loss.OutputsPerTarget },
            };
            using var trainer = new SingleProcessTrainer(spec, data, () => Engine.Open(spec, DeviceName.Cpu));
            return trainer.EvaluateHeldOut()!;
        }

        HeldOutFigures alone = Held(1);
        Assert.Equal(["RMSE", "MAE", "sMAPE", .. more], alone.Metrics.Where(metric => metric.Unit == "output 2").Select(
            metric => metric.Name["validation ".Length..]));
        Assert.Equal("output 2", alone.Metrics[^1].Unit);
        Assert.Equal(alone.Size.Elements, alone.Metrics[0].Count + alone.Metrics[^1].Count);
        foreach (int trainers in (int[])[2, 3, 6])
            Assert.Equal(alone.Metrics, Held(trainers).Metrics);
    }

    /// <summary>The season is that of data.step, and data of their own are measured by what was trained on.</summary>
    [Fact]
    public void ScaledError_IsThatOfTheSeasonalNaiveForecast_OfWhatIsTrainedOn_AlsoOfAFileOfItsOwn()
    {
        double[] x = [.. Enumerable.Range(0, 28).Select(i => (double)(i * i % 13))];
        string[] rows = [.. x.Select((value, i) => FormattableString.Invariant($"2020-01-{i + 1:00},{value}"))];
        string path = Write("day,x", rows), later = _directory.Write("later.csv", string.Join('\n', rows[14..].Prepend("day,x")) + "\n");
        DataSpec data = Given.Csv(path, lanes: 1, standardize: true).From<CsvSource>(
            csv => csv with { Inputs = ["x"], Targets = ["x"], Time = "day", Step = "1d" });
        using PreparedRun run = Prepare(
            data with { Validation = new() { Source = ((CsvSource)data.Source) with { Path = later } } }, "fused");

        var scaled = Evaluate(run).Metrics.Single(metric => metric.Name == "validation MASE");

        double naive = Enumerable.Range(7, 21).Average(row => Math.Abs(x[row] - x[row - 7]));
        Assert.Equal(naive, run.Description.Contents.Columns.Single().NaiveError!.Value, 1e-6);
        Assert.Equal(Expected(x, 28, 15..28, Bias[0]).Mae / naive, scaled.Value, 1e-6);
    }

    [Fact]
    public void ChunkThatIsAskedForTwice_CountsOnce()
    {
        using var data = new FormulaData(new(3, 0, 2, 0), [4, 5, 6, 7, 8, 9], [9, 4, 12, 7, 5, 11, 3, 31]);
        var spec = TestSpecs.Average(trainers: 1);
        spec = spec with { Tbptt = new() { ChunkLength = 5 }, Model = spec.Model with { InputSize = 3, OutputSize = 2 } };
        float[] parameters = new Draws(9).Floats(ParameterLayout.Of(spec.Model).Length);

        GroupSums once = Sums(1), twice = Sums(2);

        Assert.Equal(Enumerable.Range(0, 6), once.Groups);
        Assert.Equal(once.Groups, twice.Groups);
        Assert.Equal(once.Values, twice.Values);

        GroupSums Sums(int times)
        {
            using var shard = new TrainerShards(spec, data, [new(0, 6)], Engine.Open(spec, DeviceName.Cpu));
            GroupSums? last = null;
            for (long chunk = 0; last is null; chunk++)
            {
                for (int time = 0; time < times; time++)
                    last = shard.EvaluateChunk(chunk, chunk == 0 ? parameters : default)[0].Sums;
            }

            return last;
        }
    }

    /// <summary>The errors of the forecast mean + bias × deviation.</summary>
    /// <param name="values">The target's values.</param>
    /// <param name="trained">How many of them are trained on.</param>
    /// <param name="heldOut">Those that are forecast.</param>
    /// <param name="bias">The head's bias.</param>
    /// <param name="scaledBy">What the target is scaled by, where it is not those trained on.</param>
    /// <param name="parts">That, series by series.</param>
    private static Errors Expected(double[] values, int trained, Range heldOut, double bias, double[]? scaledBy = null,
        double[][]? parts = null)
    {
        double[] by = scaledBy is { Length: > 0 } ? scaledBy : values[..trained];
        double mean = by.Average(), deviation = Math.Sqrt(by.Average(value => (value - mean) * (value - mean)));
        double forecast = mean + (bias * deviation);
        double[] errors = [.. values[heldOut].Select(value => forecast - value)];
        double naive = Naive(scaledBy is { Length: > 0 } ? [.. parts ?? [scaledBy]] : [values[..trained]]);
        return new(
            Math.Sqrt(errors.Average(error => error * error)), errors.Average(Math.Abs),
            values[heldOut].Average(value => 200 * Math.Abs(forecast - value) / (Math.Abs(forecast) + Math.Abs(value))),
            errors.Average(Math.Abs) / naive);

        // The mean absolute step from a row to the next, over all series that are scaled together.
        static double Naive(double[][] series) =>
            series.SelectMany(one => one.Zip(one.Skip(1), (before, after) => Math.Abs(after - before))).Average();
    }

    private static Metric[] Figures(Errors errors, string target, int count, string? series = null) =>
    [
        new("validation RMSE", errors.Rmse, target, MetricKind.Validation, series, count),
        new("validation MAE", errors.Mae, target, MetricKind.Validation, series, count),
        new("validation sMAPE", errors.Smape, target, MetricKind.Validation, series, count),
        new("validation MASE", errors.Mase, target, MetricKind.Validation, series, count),
    ];

    private static void Same(IReadOnlyList<Metric> expected, IReadOnlyList<Metric> found, double tolerance)
    {
        Assert.Equal(expected.Select(metric => metric with { Value = 0 }), found.Select(metric => metric with { Value = 0 }));

        // Values are standardised and rounded to float32 before they are trained on: 6e-8 of a deviation or so.
        Assert.All(expected.Zip(found), pair => Assert.Equal(pair.First.Value, pair.Second.Value, tolerance * Math.Abs(pair.First.Value)));
    }

    private static HeldOutFigures Evaluate(PreparedRun run)
    {
        var layout = ParameterLayout.Of(run.Spec.Model);
        float[] parameters = new float[layout.Length];
        Bias.AsSpan(0, run.Data.Shape.TargetFeatures).CopyTo(parameters.AsSpan(layout.Length - run.Data.Shape.TargetFeatures));
        using var shard = new TrainerShards(
            run.Spec, run.Data, [new(0, run.Spec.Data.BatchSize)], Engine.Open(run.Spec, DeviceName.Cpu));
        var totals = new EvaluationTotals(
            run.Data, HeldOutPart.Validation, run.Spec.Data.BatchSize, run.Spec.Train.Loss);
        double lossSum = 0, weight = 0;
        for (long chunk = 0; ; chunk++)
        {
            EvaluatedChunk evaluated = shard.EvaluateChunk(chunk, chunk == 0 ? parameters : default)[0];
            (lossSum, weight) = (lossSum + evaluated.LossSum, weight + evaluated.Weight);
            if (evaluated.Sums is not { } sums)
                continue;
            totals.Take(sums);
            return EvaluationReport.Of(totals, lossSum, weight);
        }
    }

    private static PreparedRun Prepare(DataSpec data, string engine) => PreparedRun.Prepare(
        (Given.Spec(data) with { Tbptt = new() { ChunkLength = 3 } }).OnEngine(engine));

    private string Write(string header, IEnumerable<string> rows) =>
        _directory.Write("x.csv", string.Join('\n', rows.Prepend(header)) + "\n");

    private sealed record Errors(double Rmse, double Mae, double Smape, double Mase);
}

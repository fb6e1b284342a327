using System.Text.Json;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Metrics;
using Orleans.Tbptt.Training.Models;
using Orleans.Tbptt.Training.SingleProcess;

namespace Orleans.Tbptt.Tests.Training.Metrics;

/// <summary>The figures of classes: against an independent computation, and the same for any number of trainers.</summary>
public sealed class ClassMetricTests
{
    private static readonly int[] Held = [9, 4, 12, 7, 5, 11, 3, 31];

    /// <summary>
    /// Both sides divide whole numbers and add at most 50 quotients of at most 1, each rounded by 1.1e-16 at most: 1e-14 is above that.
    /// </summary>
    [Fact]
    public void Figures_AreThoseOfAnIndependentComputation()
    {
        using var golden = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Golden", "classes.json")));
        foreach (var one in golden.RootElement.EnumerateArray())
        {
            int[] predicted = [.. one.GetProperty("predicted").EnumerateArray().Select(number => number.GetInt32())];
            long[] targets = [.. one.GetProperty("targets").EnumerateArray().Select(number => number.GetInt64())];
            var numbers = new double[ClassCounts.Numbers(one.GetProperty("classes").GetInt32())];

            ClassCounts.Add(predicted, targets, numbers);

            var counts = ClassCounts.Of(numbers)!;
            Assert.Equal(targets.Count(target => target != DataShape.MaskedClass), counts.Count);
            Assert.Equal(one.GetProperty("accuracy").GetDouble(), new Accuracy().Value(counts), 1e-14);
            Assert.Equal(one.GetProperty("macroF1").GetDouble(), new MacroF1().Value(counts), 1e-14);
        }

        var ignoring = new double[ClassCounts.Numbers(3)];
        ClassCounts.Add([0, 1, 1, 2], [0, 1, 2, 2], ignoring, ignored: 2);
        Assert.Equal((2, 1.0), (ClassCounts.Of(ignoring)!.Count, new Accuracy().Value(ClassCounts.Of(ignoring)!)));
        var further = new double[ClassCounts.Numbers(2)];
        ClassCounts.Add([0, 7, 1, 2], [0, 0, 1, 1], further);
        Assert.Equal([4, 1, 1, 1, 1, 2, 2], further);
        Assert.Null(ClassCounts.Of(new double[ClassCounts.Numbers(3)]));
        Assert.Equal(0, ClassCounts.Numbers(1 << 20));
    }

    /// <summary>And those of the outputs that each time step has in one piece.</summary>
    [Theory]
    [InlineData("fused")]
    [InlineData("torch")]
    public void Figures_HaveTheSameBits_ForAnyNumberOfTrainers(string engine)
    {
        using var data = Data();
        var spec = Spec(engine);
        float[] parameters = [];

        HeldOutFigures alone = Evaluated(1);

        Assert.Equal(["validation accuracy", "validation macro-F1"], alone.Metrics.Select(metric => metric.Name));
        Assert.All(alone.Metrics, metric => Assert.Equal((MetricKind.Validation, alone.Size.Elements), (metric.Kind, metric.Count)));
        foreach (int trainers in (int[])[2, 3, 6])
            Assert.Equal(alone.Metrics, Evaluated(trainers).Metrics);
        var numbers = new double[ClassCounts.Numbers(data.Shape.Classes)];
        using var predictor = new SequencePredictor(spec, data.Shape, parameters);
        predictor.Run(data.Validation!, 3, 7, new float[Held.Length * predictor.HiddenLength], (slice, rows) =>
        {
            var targets = new long[slice.Length];
            data.Validation!.ReadTargets(slice, targets);
            int[] largest = [.. rows.ToArray().Chunk(data.Shape.Classes).Select(row => Array.IndexOf(row, row.Max()))];
            ClassCounts.Add(largest, targets, numbers);
        });
        var counts = ClassCounts.Of(numbers)!;
        Assert.Equal(ClassMetrics.All.Select(metric => metric.Value(counts)), alone.Metrics.Select(metric => metric.Value));

        HeldOutFigures Evaluated(int trainers)
        {
            var run = spec with { Train = spec.Train with { Trainers = trainers } };
            using var trainer = new SingleProcessTrainer(run, data, () => Engine.Open(run, DeviceName.Cpu));
            parameters = trainer.State.Parameters.ToArray();
            return trainer.EvaluateHeldOut()!;
        }
    }

    [Fact]
    public void ChunkThatIsAskedForTwice_CountsOnce()
    {
        using var data = Data();
        var spec = Spec("fused");
        float[] parameters = new Draws(9).Floats(ParameterLayout.Of(spec.Model).Length);

        GroupSums once = Sums(1), twice = Sums(2);

        Assert.Equal([0], once.Groups);
        Assert.Equal(once.Values, twice.Values);
        Assert.InRange(once.Values[0], 1, Held.Sum() - 1);

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

    [Fact]
    public void Table_HasTheFiguresOfClasses()
    {
        using var data = Data();
        var totals = new EvaluationTotals(data, HeldOutPart.Validation, lanes: 1, new CrossEntropy());
        var numbers = new double[ClassCounts.Numbers(4)];
        ClassCounts.Add([0, 1, 2], [0, 1, 3], numbers);
        totals.Take(new([0], numbers));
        using var table = new StringWriter();

        EvaluationReport.Write(totals, table);

        Assert.Equal("target,elements,accuracy,macro-F1\n,3,0.6666666666666666,0.5\n", table.ToString());
        Assert.Empty(totals.Series);
    }

    private static FormulaData Data() => new(new(3, 0, 0, 4) { IsMasked = true }, [4, 5, 6, 7, 8, 9], Held);

    private static RunSpec Spec(string engine)
    {
        var spec = TestSpecs.Average(trainers: 1, layers: 2).OnEngine(engine);
        return spec with
        {
            Tbptt = new() { ChunkLength = 5 }, Model = spec.Model with { InputSize = 3, OutputSize = 4 },
            Train = spec.Train with { Loss = new CrossEntropy() },
        };
    }
}

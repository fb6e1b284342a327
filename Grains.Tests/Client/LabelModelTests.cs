using System.Globalization;
using Orleans.Tbptt.Client;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Numerics;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Training.Models;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.Metrics;
using Orleans.Tbptt.Training.SingleProcess;
using NpyWriter = Orleans.Tbptt.Tests.Support.NpyWriter;

namespace Orleans.Tbptt.Tests.Client;

/// <summary>
/// Sequences of noisy tones, each tone of one of three frequencies and of any length, with silence between some of them: labelled by the
/// sequence of their classes alone, and not by where they lie.
/// </summary>
public sealed class LabelModelTests : ModelCommandTest
{
    private const int Sequences = 96, HeldOut = 24, Longest = 60, MostLabels = 6;

    /// <summary>
    /// With the same seed always the same: of the held-out sequences' labels next to none is wrong, where a network that gives blanks
    /// alone would have an error rate of 1. Evaluated anew and predicted, they are the very same.
    /// </summary>
    [Fact]
    public async Task BidirectionalNetwork_LearnsTheLabels_WhichAreEvaluatedAndPredicted()
    {
        var (lengths, labels) = WriteTones();
        using var prepared = PreparedRun.Prepare(Spec("epochs: 40"));
        using var trainer = new SingleProcessTrainer(
            prepared.Spec, prepared.Data, () => new FusedReplica(prepared.Spec.Model, prepared.Spec.Train.Loss));
        double before = ErrorRate(trainer.EvaluateHeldOut()!);

        Assert.Null(trainer.Train());

        var held = trainer.EvaluateHeldOut()!;
        double rate = ErrorRate(held);
        Assert.True(before > 0.7 && rate < 0.05, $"label error rate {before} before, {rate} after");
        Assert.Equal((HeldOut, labels[^HeldOut..].Sum(one => one.Length)), (held.Size.Sequences, (int)held.Size.Elements));

        string package = Models.Save(TrainedModels.PackageOf(prepared, trainer));
        await RunAsync("evaluate", package, "--input", $"{Models.File("x.npy")},{Models.File("y.npy")},{Models.File("lengths.npy")}");
        Assert.Contains("LABEL ERROR RATE", Shell.Output, StringComparison.Ordinal);

        await RunAsync(
            "predict", package, "--input", $"{Models.File("x.npy")},{Models.File("lengths.npy")}",
            "--output", Models.File("labels.csv"));
        Assert.Equal(rate, Predicted(), 1e-12);

        await RunAsync(
            "predict", package, "--input", $"{Models.File("x.npy")},{Models.File("lengths.npy")}",
            "--output", Models.File("labels.csv"), "--force", "--beam", "8");
        Assert.InRange(Predicted(), 0, 0.05);

        double Predicted()
        {
            string[] lines = File.ReadAllLines(Models.File("labels.csv"));
            Assert.Equal("sequence,row,label", lines[0]);
            var predicted = lines.Skip(1).Select(line => line.Split(',').Select(int.Parse).ToArray()).ToLookup(row => row[0]);
            Assert.All(predicted.SelectMany(rows => rows), row => Assert.InRange(row[1], 1, lengths[row[0]]));
            Assert.All(predicted, rows => Assert.Equal(rows.Select(row => row[1]).Distinct().Order(), rows.Select(row => row[1])));
            int edits = Enumerable.Range(Sequences - HeldOut, HeldOut).Sum(
                sequence => LabelPath.Distance([.. predicted[sequence].Select(row => row[2])], labels[sequence]));
            return (double)edits / labels[^HeldOut..].Sum(one => one.Length);
        }
    }

    [Fact]
    public void SequencesThatAreTooShort_AreRefused_WithTheirNumbers()
    {
        WriteTones();
        Refused([1, 1, 1, -100], [3], "ctc with 3 time steps and 3 labels, 2 of them like the one before, in sequence 0, counted from 0,",
            "at least 5 time steps, one for each label and one for a blank between two that are alike");
        Refused(
            [1, 2, 3, 1], [3], "y.npy[0, 3], of a sequence of 3 time steps", "-100 from there on, because no sequence has more");
        Refused([1, 0, 2, -100], [6], "ctc with blank 0, which is a label of sequence 0", "labels other than the blank");

        void Refused(long[] labels, long[] lengths, string found, string expected)
        {
            NpyWriter.Write(Models.File("x.npy"), new float[6], 1, 6, 1);
            NpyWriter.Write(Models.File("y.npy"), labels, 1, labels.Length);
            NpyWriter.Write(Models.File("lengths.npy"), lengths, 1);
            var problems = Assert.Throws<SpecException>(() => PreparedRun.Prepare(Spec("epochs: 1", lanes: 1, heldOut: 0))).Problems;
            Assert.Contains(problems, one => one.Found.Contains(found, StringComparison.Ordinal)
                && one.Expected.StartsWith(expected, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void LabelsOfAnotherShape_AndMasks_AreRefused()
    {
        WriteTones();
        NpyWriter.Write(Models.File("y.npy"), new long[Sequences], Sequences);
        Assert.Contains(
            Assert.Throws<SpecException>(() => PreparedRun.Prepare(Spec("epochs: 1"))).Problems,
            one => one.Expected.StartsWith("labels of shape [N, most labels of a sequence]", StringComparison.Ordinal));
    }

    /// <summary>An array of labels has no room for as many as each sequence has.</summary>
    [Fact]
    public async Task Arrays_AreNoOutput_OfLabels()
    {
        WriteTones();
        using var prepared = PreparedRun.Prepare(Spec("epochs: 1"));
        string package = Models.Save(TrainedModels.Train(prepared));

        Assert.Equal(ExitCode.Usage, await Shell.RunAsync(
            "predict", package, "--input", Models.File("x.npy"), "--output", Models.File("labels.npy")));
    }

    private static double ErrorRate(HeldOutFigures figures) =>
        figures.Metrics.Single(metric => metric.Name == "validation label error rate").Value;

    private RunSpec Spec(string train, int lanes = 12, int heldOut = HeldOut)
    {
        string held = (heldOut / (double)Sequences).ToString(CultureInfo.InvariantCulture);
        return SpecLoader.Parse(
            $$"""
            name: tones
            model: {cell: lstm, hiddenSize: 16, bidirectional: true}
            data:
              source: "npy:{{Models.File("x.npy")}},{{Models.File("y.npy")}},{{Models.File("lengths.npy")}}"
              batchSize: {{lanes}}
              shuffle: true
              validationFraction: {{held}}
            tbptt: {chunkCount: 1}
            train: {loss: ctc, optimizer: {name: adam, lr: 0.01}, clipNorm: 1, {{train}} }
            """, "tones.yaml", "/").Spec!;
    }

    private (int[] Lengths, int[][] Labels) WriteTones()
    {
        var inputs = new float[Sequences * Longest];
        var lengths = new int[Sequences];
        var labels = new int[Sequences][];
        var targets = new long[Sequences * MostLabels];
        Array.Fill(targets, -100);
        for (int sequence = 0; sequence < Sequences; sequence++)
        {
            ulong key = CounterRandom.Derive(17, (ulong)sequence), draw = 0;
            int Draw(int low, int high) => low + (int)CounterRandom.Below(key, draw++, (ulong)(high - low + 1));
            labels[sequence] = [.. Enumerable.Range(0, Draw(2, MostLabels)).Select(_ => Draw(1, 3))];
            int at = 0;
            for (int i = 0; i < labels[sequence].Length; i++)
            {
                targets[(sequence * MostLabels) + i] = labels[sequence][i];

                // Periods of 2, 4 and 8 time steps.
                double frequency = 1 / Math.Pow(2, labels[sequence][i]);
                for (int t = 0, steps = Draw(5, 8); t < steps; t++)
                    inputs[(sequence * Longest) + at++] = (float)Math.Cos(2 * Math.PI * frequency * t);
                at += Draw(1, 2);
            }

            lengths[sequence] = at;
            for (int t = 0; t < at; t++)
                inputs[(sequence * Longest) + t] += (float)(0.1 * CounterRandom.Normal(key, 1000 + (ulong)t));
        }

        NpyWriter.Write(Models.File("x.npy"), inputs, Sequences, Longest, 1);
        NpyWriter.Write(Models.File("y.npy"), targets, Sequences, MostLabels);
        NpyWriter.Write(Models.File("lengths.npy"), [.. lengths.Select(one => (long)one)], Sequences);
        return (lengths, labels);
    }
}

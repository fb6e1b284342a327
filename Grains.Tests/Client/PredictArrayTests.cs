using System.Globalization;
using System.Runtime.InteropServices;
using Orleans.Tbptt.Client;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Tests.Training.Models;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Models;
using NpyWriter = Orleans.Tbptt.Tests.Support.NpyWriter;

namespace Orleans.Tbptt.Tests.Client;

/// <summary>Outputs of models of arrays.</summary>
public sealed class PredictArrayTests : ModelCommandTest
{
    private const int Sequences = 5, Steps = 12, Features = 3;

    /// <summary>The outputs are those of the model, bit by bit, and a table has the same.</summary>
    [Fact]
    public async Task Outputs_AreTheModels_InAnArrayAndInATable()
    {
        var model = Trained();
        string package = Models.Save(model), outputs = Models.File("outputs.npy");

        await RunAsync("predict", package, "--input", Models.File("x.npy"), "--output", outputs);
        await RunAsync("predict", package, "--input", Models.File("x.npy"), "--output", Models.File("outputs.csv"));

        float[] expected = Expected(model, Values(Sequences * Steps * Features));
        Assert.Equal("(5, 12, 2)", ShapeOf(outputs));
        Assert.Equal(Bits(expected), Bits(Floats(outputs)));
        string[] lines = File.ReadAllLines(Models.File("outputs.csv"));
        Assert.Equal("sequence,row,output 1,output 2", lines[0]);
        Assert.Equal(
            Enumerable.Range(0, Sequences * Steps).Select(i => string.Create(
                CultureInfo.InvariantCulture,
                $"{i / Steps},{(i % Steps) + 1},{(double)expected[2 * i]:R},{(double)expected[(2 * i) + 1]:R}")),
            lines.Skip(1));
    }

    /// <summary>Sequences each alone, and time steps file by file with their states, give the same bits.</summary>
    [Fact]
    public async Task Outputs_AreTheSame_HoweverInputsAreCut()
    {
        var model = Trained();
        string package = Models.Save(model), state = Models.File("state");
        float[] inputs = Values(Sequences * Steps * Features);
        var all = new float[Sequences * Steps * 2];
        foreach (var (from, to) in new[] { (0, 1), (1, 6), (6, 12) })
        {
            float[] part = [.. Enumerable.Range(0, Sequences).SelectMany(
                sequence => inputs[(((sequence * Steps) + from) * Features)..(((sequence * Steps) + to) * Features)])];
            NpyWriter.Write(Models.File("part.npy"), part, Sequences, to - from, Features);
            string[] before = from == 0 ? [] : ["--from-state", state];
            await RunAsync(["predict", package, "--input", Models.File("part.npy"), "--output", Models.File("part.out.npy"), "--force",
                "--state-out", state, .. before]);
            float[] outputs = Floats(Models.File("part.out.npy"));
            for (int sequence = 0; sequence < Sequences; sequence++)
            {
                outputs.AsSpan(sequence * (to - from) * 2, (to - from) * 2).CopyTo(all.AsSpan(((sequence * Steps) + from) * 2));
            }
        }

        Assert.Equal(Bits(Expected(model, inputs)), Bits(all));
        NpyWriter.Write(Models.File("one.npy"), inputs.AsSpan(3 * Steps * Features, Steps * Features), 1, Steps, Features);
        await RunAsync("predict", package, "--input", Models.File("one.npy"), "--output", Models.File("one.out.npy"));
        Assert.Equal(Bits(all[(3 * Steps * 2)..(4 * Steps * 2)]), Bits(Floats(Models.File("one.out.npy"))));
    }

    [Fact]
    public async Task Stream_HasOneRowOfOutputsForEachTimeStep()
    {
        NpyWriter.Write(Models.File("x.npy"), Values(60), 60);
        NpyWriter.Write(Models.File("y.npy"), Values(60), 60);
        string package = Models.Save(Trained("layout: stream, ")), outputs = Models.File("outputs.npy");

        await RunAsync("predict", package, "--input", Models.File("x.npy"), "--output", outputs, "--from-state", "end");

        Assert.Equal("(60, 1)", ShapeOf(outputs));
    }

    [Fact]
    public async Task Classes_HaveTheirScores()
    {
        NpyWriter.Write(Models.File("x.npy"), [.. Enumerable.Range(0, 60).Select(i => (long)(i % 4))], 5, 12);
        NpyWriter.Write(Models.File("y.npy"), [.. Enumerable.Range(0, 60).Select(i => (long)(i % 3))], 5, 12);
        string package = Models.Save(Trained(loss: "cross_entropy", embedding: ", embedding: {size: 2}"));

        await RunAsync("predict", package, "--input", Models.File("x.npy"));
        Assert.StartsWith("sequence,row,class 0,class 1,class 2\n0,1,", Shell.Output, StringComparison.Ordinal);

        NpyWriter.Write(Models.File("z.npy"), [.. Enumerable.Range(0, 60).Select(i => (long)(i % 5))], 5, 12);
        Assert.Equal(ExitCode.BadSpec, await Shell.RunAsync("predict", package, "--input", Models.File("z.npy")));
        Assert.Contains("found the token 4 in int64 of shape [5, 12]", Shell.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("5,12,2", "found float32 of shape [5, 12, 2] in ", "expected values of shape [N, T, 3]; save the inputs as those that the")]
    [InlineData("12,3", "found float32 of shape [12, 3] in ", "expected values of shape [N, T, 3]; save array[None] if it is one sequence")]
    [InlineData("180", "found float32 of shape [180] in ", "expected values of shape [N, T, 3]; ")]
    public async Task OtherShapes_AreRefused(string shape, string found, string expected)
    {
        string package = Models.Save(Trained());
        int[] axes = [.. shape.Split(',').Select(int.Parse)];
        NpyWriter.Write(Models.File("z.npy"), Values(axes.Aggregate(1, (one, other) => one * other)), axes);

        Assert.Equal(ExitCode.BadSpec, await Shell.RunAsync("predict", package, "--input", Models.File("z.npy")));

        Assert.Contains(found, Shell.Error, StringComparison.Ordinal);
        Assert.Contains(expected, Shell.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--input: found - with a model of arrays, expected a .npy file", "predict", "-")]
    [InlineData("expected a name that ends in .csv, .jsonl, .parquet, .npy, or -", "predict", "x.npy", "--output", "x.out")]
    [InlineData("--season: found 7 with a model of arrays, expected none", "evaluate", "x.npy", "--season", "7")]
    public async Task Options_AreRefused_ThatArraysDoNotHave(string expected, string command, string input, params string[] options)
    {
        string package = Models.Save(Trained());

        Assert.Equal(
            ExitCode.Usage,
            await Shell.RunAsync([command, package, "--input", input == "-" ? input : Models.File(input), .. options]));

        Assert.Contains(expected, Shell.Error, StringComparison.Ordinal);
    }

    /// <summary>Loss and errors are the means over all elements.</summary>
    [Fact]
    public async Task Evaluation_HasTheErrorsOfArrays()
    {
        var model = Trained();
        string package = Models.Save(model), figures = Models.File("figures.csv");
        float[] outputs = Expected(model, Values(Sequences * Steps * Features)), targets = Values(Sequences * Steps * 2);

        await RunAsync("evaluate", package, "--input", $"{Models.File("x.npy")},{Models.File("y.npy")}", "--output", figures);

        double squares = outputs.Zip(targets).Where((_, i) => i % 2 == 1)
            .Sum(one => Math.Pow((double)one.First - one.Second, 2)) / (Sequences * Steps);
        string row = File.ReadLines(figures).Single(line => line.Contains("output 2", StringComparison.Ordinal));
        Assert.Contains(
            row.Split(','), cell => double.TryParse(cell, CultureInfo.InvariantCulture, out double value)
                && Math.Abs(value - Math.Sqrt(squares)) < 1e-12);

        NpyWriter.Write(Models.File("z.npy"), Values(Sequences * Steps), Sequences, Steps, 1);
        Assert.Equal(ExitCode.BadSpec, await Shell.RunAsync(
            "evaluate", package, "--input", $"{Models.File("x.npy")},{Models.File("z.npy")}"));
        Assert.Contains("found 3 input values and 1 target values in ", Shell.Error, StringComparison.Ordinal);
    }

    private static float[] Values(int count) => [.. Enumerable.Range(0, count).Select(i => ((i * 37 % 101) - 50) / 64f)];

    private static int[] Bits(float[] values) => MemoryMarshal.Cast<float, int>(values).ToArray();

    private static string ShapeOf(string path)
    {
        string header = System.Text.Encoding.Latin1.GetString(File.ReadAllBytes(path).AsSpan(0, 128));
        return header[header.IndexOf('(')..(header.IndexOf(')') + 1)];
    }

    /// <summary>What NumPy reads: float32 behind the header, whose length stands in it.</summary>
    private static float[] Floats(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        Assert.Equal("\u0093NUMPY\u0001\0", System.Text.Encoding.Latin1.GetString(bytes.AsSpan(0, 8)));
        int start = 10 + bytes[8] + (bytes[9] << 8);
        Assert.Equal(0, start % 64);
        Assert.Equal((byte)'\n', bytes[start - 1]);
        return MemoryMarshal.Cast<byte, float>(bytes.AsSpan(start)).ToArray();
    }

    /// <summary>Each sequence alone, time step by time step.</summary>
    private static float[] Expected(ModelPackage model, float[] inputs)
    {
        using var predictor = new StepPredictor(model.Spec, new(Features, 0, 2, 0) { IsMasked = true }, model.Parameters.Span);
        var all = new float[Sequences * Steps * 2];
        for (int sequence = 0; sequence < Sequences; sequence++)
        {
            float[] hidden = new float[predictor.HiddenLength], after = new float[predictor.HiddenLength];
            for (int step = 0; step < Steps; step++)
            {
                int row = (sequence * Steps) + step;
                predictor.Step(1, inputs.AsSpan(row * Features, Features), [], hidden, after, all.AsSpan(row * 2, 2));
                (hidden, after) = (after, hidden);
            }
        }

        return all;
    }

    private ModelPackage Trained(string keys = "", string loss = "mse", string embedding = "")
    {
        if (!File.Exists(Models.File("x.npy")))
        {
            NpyWriter.Write(Models.File("x.npy"), Values(Sequences * Steps * Features), Sequences, Steps, Features);
            NpyWriter.Write(Models.File("y.npy"), Values(Sequences * Steps * 2), Sequences, Steps, 2);
        }

        string spec =
            $$"""
            name: motion
            model: {cell: lstm, hiddenSize: 4{{embedding}} }
            data: { source: "npy:{{Models.File("x.npy")}},{{Models.File("y.npy")}}", {{keys}}batchSize: 1 }
            tbptt: {chunkLength: 4}
            train: {epochs: 1, loss: {{loss}}, optimizer: {name: adam, lr: 0.01} }
            """;
        using var prepared = PreparedRun.Prepare(SpecLoader.Parse(spec, "motion.yaml", "/").Spec!);
        return TrainedModels.Train(prepared);
    }
}

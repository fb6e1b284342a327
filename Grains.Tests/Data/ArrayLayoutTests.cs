using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Npy;
using Orleans.Tbptt.Training.Fused.Losses;

namespace Orleans.Tbptt.Tests.Data;

public sealed class ArrayLayoutTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void TwoAxesOfValues_AreRefused_UntilTheSpecSaysWhatTheyAre()
    {
        string x = Npy("x", "<f4", "6, 2", Numbers(12)), y = Npy("y", "<f4", "6,", Numbers(6));
        Assert.Equal(
            $"data.layout: found nothing, with float32 of shape [6, 2] in {x}: one stream of 6 time steps with 2 features, or 6 sequences "
            + "of 2 time steps, expected stream or sequences; write layout: stream, or layout: sequences, in data",
            Given.Problem(Given.Npy(x, y)));
        Assert.Single(Given.Problems(Given.Npy(x, x)));
    }

    [Fact]
    public void Stream_IsCutIntoRows_WithEachTargetAtItsOwnTimeStep()
    {
        string x = Npy("x", "<f8", "7, 2", [.. Numbers(14).Select(value => (double)value)]), y = Npy("y", "<f4", "7, 1", Numbers(7));
        using IDataSource source = Given.Open(
            Given.Npy(x, y).As(ArrayLayout.Stream) with { BatchSize = 2, ValidationFraction = 0.3 });
        Assert.Equal(new(2, 0, 1, 0), source.Shape);
        Assert.Equal((2, 2), (source.Training.Count, source.Training.Length(0)));
        Assert.Equal([4f, 5, 6, 7], source.Training.Inputs(1, 2));
        Assert.Equal([2f, 3], source.Training.Targets(1));
        Assert.Equal([5f, 6], Enumerable.Range(0, source.Validation!.Count).SelectMany(row => source.Validation.Targets(row)));
        Assert.True(Given.Npy(x, y).As(ArrayLayout.Stream).IsStream);
    }

    [Fact]
    public void Stream_MayBeOfTokensAndClasses_OrOfOneAxis()
    {
        string x = Npy("x", "|u1", "5,", [.. Enumerable.Range(0, 5).Select(i => (byte)(i % 3))]), v = Npy("v", "<f4", "5,", Numbers(5));
        using IDataSource tokens = Given.Open(Given.Npy(x, x).As(ArrayLayout.Stream), Given.Embedding, loss: new CrossEntropy());
        Assert.Equal(new(0, 3, 0, 3), tokens.Shape);
        Assert.Equal([2L, 0], tokens.Training.Tokens(1));
        Assert.Equal([2L, 0], tokens.Training.Classes(1));
        using IDataSource values = Given.Open(Given.Npy(v, v).As(ArrayLayout.Stream));
        Assert.Equal([2f, 3], values.Training.Inputs(1));
    }

    [Fact]
    public void Stream_IsRefused_OfSequencesOrOfUnlikeLengths()
    {
        string x = Npy("x", "<f4", "2, 3, 1", Numbers(6)), flat = Npy("flat", "<f4", "6, 1", Numbers(6)), n = Npy("n", "<i4", "2,", 3, 3);
        string five = Npy("five", "<f4", "5,", Numbers(5));
        Assert.EndsWith("write layout: sequences, or save array[0] of a single sequence",
            Given.Problem(Given.Npy(x, x).As(ArrayLayout.Stream)), StringComparison.Ordinal);
        Assert.Contains($"lengths in {n} with layout stream", Given.Problem(Given.Npy(flat, flat, n).As(ArrayLayout.Stream)),
            StringComparison.Ordinal);
        Assert.Contains("the same number of time steps T in both", Given.Problem(Given.Npy(flat, five).As(ArrayLayout.Stream)),
            StringComparison.Ordinal);
    }

    [Fact]
    public void TargetOfASequence_StandsAtItsLastTimeStep()
    {
        string x = Npy("x", "<f4", "2, 3, 1", Numbers(6)), n = Npy("n", "<i4", "2,", 3, 2);
        foreach (string shape in new[] { "2,", "2, 1", "2, 1, 1" })
        {
            using IDataSource source = Given.Open(Given.Npy(x, Npy("y", "<f4", shape, 10f, 11), n));
            Assert.Equal(new(1, 0, 1, 0) { IsMasked = true }, source.Shape);
            Assert.Equal([float.NaN, float.NaN, 10], source.Training.Targets(0));
            Assert.Equal([float.NaN, 11], source.Training.Targets(1));
            var part = new float[2];
            source.Training.ReadTargets(new(0, 0, 2), part);
            Assert.Equal([float.NaN, float.NaN], part);
        }

        using IDataSource classes = Given.Open(Given.Npy(x, Npy("c", "<i8", "2,", 1L, 4), n), loss: new CrossEntropy());
        Assert.Equal(new(1, 0, 0, 5) { IsMasked = true }, classes.Shape);
        Assert.Equal([-100L, -100, 1], classes.Training.Classes(0));

        // One row too few is a mistake, not two outputs at the end.
        Assert.Contains("one target for each sequence: [N], [N, 1] or [N, 1, outputs]",
            Given.Problem(Given.Npy(x, Npy("short", "<f4", "2, 2", Numbers(4)))), StringComparison.Ordinal);
    }

    private static float[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(i => (float)i)];

    private string Npy<T>(string name, string descr, string shape, params T[] values)
        where T : unmanaged => _directory.Write(name + ".npy", NpyFiles.Of<T>(descr, shape, values));
}

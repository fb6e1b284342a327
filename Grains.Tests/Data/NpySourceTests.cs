using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Npy;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Losses;

namespace Orleans.Tbptt.Tests.Data;

public sealed class NpySourceTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Values_AreReadInPlace_FromFloatsOfEitherSize()
    {
        float[] x = [.. Enumerable.Range(0, 2 * 3 * 4).Select(i => i * 0.25f)];
        double[] y = [.. Enumerable.Range(0, 2 * 3 * 2).Select(i => i / 3.0)];
        using IDataSource source = Given.Open(Given.Npy(Npy("x", "<f4", "2, 3, 4", x), Npy("y", "<f8", "2, 3, 2", y)));
        Assert.Equal(new(4, 0, 2, 0), source.Shape);
        Assert.Equal((2, 3), (source.Training.Count, source.Training.Length(1)));
        Assert.Equal(x[12..], source.Training.Inputs(1, 4));
        Assert.Equal(y[6..].Select(value => (float)value), source.Training.Targets(1, 2));
        var slice = new float[4];
        source.Training.ReadInputs(new(1, 2, 1), slice);
        Assert.Equal(x[20..], slice);
    }

    [Fact]
    public void Features_AreOne_WhenFloatsHaveTwoDimensions()
    {
        string x = Npy("x", "<f4", "2, 3", 1f, 2, 3, 4, 5, 6);
        using IDataSource source = Given.Open(Given.Npy(x, x).As(ArrayLayout.Sequences));
        Assert.Equal(new(1, 0, 1, 0), source.Shape);
        Assert.Equal([4f, 5, 6], source.Training.Targets(1));
    }

    [Fact]
    public void Tokens_ReportTheirVocabulary_WithinTheLengthsOnly()
    {
        string x = Npy("x", "<i8", "3, 3", 0L, 5, 2, 1, -100, 99, 3, 4, 77);
        string y = Npy("y", "<i4", "3, 3", 1, 2, 6, 0, -1, -1, 2, 2, 500);
        string lengths = Npy("lengths", "<i4", "3,", 3, 1, 2);
        using IDataSource source = Given.Open(
            Given.Npy(x, y, lengths) with { ValidationFraction = 0.3 }, Given.Embedding, loss: new CrossEntropy());
        Assert.Equal(new(0, 6, 0, 7), source.Shape);
        Assert.Equal([3, 1], new[] { source.Training.Length(0), source.Training.Length(1) });
        Assert.Equal([0L, 5, 2], source.Training.Tokens(0));
        Assert.Equal([1L, 2, 6], source.Training.Classes(0));
        Assert.Equal([3L, 4], source.Validation!.Tokens(0));
        Assert.Equal([2L, 2], source.Validation!.Classes(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => source.Training.ReadInputs(new(1, 0, 2), new long[2]));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Headers_AreRead_OfLaterFormats(byte version)
    {
        string path = _directory.Write("x.npy",
            [.. NpyFiles.Header("'<f4'", "1, 2", version: version), .. BitConverter.GetBytes(1f), .. BitConverter.GetBytes(2f)]);
        using IDataSource source = Given.Open(Given.Npy(path, path).As(ArrayLayout.Sequences));
        Assert.Equal([1f, 2], source.Training.Inputs(0));
    }

    [Fact]
    public void Padding_MayHoldAnything_BehindASequencesLength()
    {
        string x = Npy("x", "<f4", "2, 2", 1f, float.NaN, 3, 4);
        using IDataSource source = Given.Open(Given.Npy(x, x, Npy("lengths", "<i8", "2,", 1L, 2)));
        Assert.Equal([1f], source.Training.Inputs(0));
    }

    [Fact]
    public void Numbers_AreRefused_WhereNoneStand()
    {
        string x = Npy("x", "<f4", "2, 2, 2", 1f, 2, 3, 4, 5, 6, float.NaN, 8);
        string y = Npy("y", "<f8", "2, 2", 1.0, 1e300, 3, double.NegativeInfinity);
        IReadOnlyList<SpecProblem> problems = Given.Problems(Given.Npy(x, y));
        Assert.Equal([$"NaN at {x}[1, 1, 0]", $"Infinity at {y}[0, 1]", $"-Infinity at {y}[1, 1]"],
            problems.Select(problem => problem.Found));
        Assert.All(problems, problem => Assert.Equal("a finite number in the range of float32", problem.Expected));
    }

    [Fact]
    public void Tokens_AreRefused_BelowZeroAndBeyondAnInt()
    {
        string x = Npy("x", "<i8", "1, 3", 0L, -100, 1L << 40);
        string y = Npy("y", "<i8", "1, 3", 0L, 1, 2);
        Assert.Equal(
            [$"-100 at {x}[0, 1]", $"1099511627776 at {x}[0, 2]"],
            Given.Problems(Given.Npy(x, y), Given.Embedding, new CrossEntropy()).Select(problem => problem.Found));
    }

    [Fact]
    public void Mistakes_Are20AndCounted_WhenThereAreMany()
    {
        string x = Npy("x", "<f4", "50, 20", Enumerable.Repeat(float.NaN, 1000).ToArray());
        IReadOnlyList<SpecProblem> problems = Given.Problems(
            Given.Npy(x, Npy("y", "<f4", "50, 20", new float[1000])).As(ArrayLayout.Sequences));
        Assert.Equal((21, $"and 980 more mistakes in {x}"), (problems.Count, problems[^1].Found));
    }

    private string Npy<T>(string name, string descr, string shape, params T[] values)
        where T : unmanaged => _directory.Write(name + ".npy", NpyFiles.Of<T>(descr, shape, values));
}

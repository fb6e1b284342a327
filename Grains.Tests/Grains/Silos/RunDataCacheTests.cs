using Orleans.Tbptt.Data.Npy;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Silos;

public sealed class RunDataCacheTests
{
    private static readonly RunId Run = RunId.Parse("a");
    private static readonly RunSpec Spec = TestSpecs.Average() with
    {
        Model = TestSpecs.Average().Model with { InputSize = null, OutputSize = null },
    };

    [Fact]
    public void Data_AreShared_ByTheSpecAndItsResolvedForm_AndOpenedAnewAfterTheLastLease()
    {
        var cache = new RunDataCache();
        using var first = cache.Acquire(Run, Spec);
        using var second = cache.Acquire(Run, first.Spec);
        Assert.NotEqual(Spec, first.Spec);
        Assert.Same(first.Data, second.Data);

        first.Dispose();
        first.Dispose();
        using (var third = cache.Acquire(Run, Spec))
            Assert.Same(second.Data, third.Data);
        second.Dispose();
        using var fourth = cache.Acquire(Run, Spec);

        Assert.NotSame(second.Data, fourth.Data);
    }

    [Fact]
    public void Data_AreNotShared_ByAnotherSpecOfTheSameId()
    {
        var cache = new RunDataCache();
        using var first = cache.Acquire(Run, Spec);

        using var second = cache.Acquire(Run, Spec with { Seed = 5 });
        using var third = cache.Acquire(Run, Spec);

        Assert.Equal(5, second.Spec.Seed);
        Assert.NotSame(first.Data, second.Data);
        Assert.Same(first.Data, third.Data);
    }

    [Fact]
    public void Data_ThatFailedToOpen_AreTriedAnew()
    {
        using var directory = new TemporaryDirectory();
        var cache = new RunDataCache();
        string x = directory.File("x.npy"), y = directory.File("y.npy");
        var spec = Spec with { Data = Spec.Data with { Source = new NpySource { Files = [x, y] }, BatchSize = 1 },
            Train = Spec.Train with { Trainers = 1 } };
        Assert.Throws<SpecException>(() => cache.Acquire(Run, spec));

        NpyWriter.Write(x, new float[12], 1, 6, 2);
        NpyWriter.Write(y, new float[6], 1, 6, 1);

        using var lease = cache.Acquire(Run, spec);
        Assert.Equal(2, lease.Spec.Model.InputSize);
    }

    [Fact]
    public void Lease_ReportsTheFilesAndWhatChangedOfThem()
    {
        using var directory = new TemporaryDirectory();
        RunSpec spec = Arrays(directory);
        using var lease = new RunDataCache().Acquire(Run, spec);

        Assert.Equal(spec.Data.Source.Paths, lease.Files.Select(file => file.Path));
        Assert.Null(lease.FindChange());
        File.Delete(spec.Data.Source.Paths[1]);
        Assert.StartsWith($"data file '{spec.Data.Source.Paths[1]}' is gone", lease.FindChange(), StringComparison.Ordinal);
    }

    [Fact]
    public void Data_AreRefused_WhenTheyLieOutsideOfTheRoots()
    {
        using var directory = new TemporaryDirectory();
        RunSpec spec = Arrays(directory);

        new RunDataCache(new([directory.Path])).Acquire(Run, spec).Dispose();
        var error = Assert.Throws<SpecException>(() => new RunDataCache(new(["/nowhere"])).Acquire(Run, spec));

        Assert.Equal(2, error.Problems.Count);
        Assert.All(error.Problems, problem => Assert.Contains("data root: /nowhere", problem.Expected, StringComparison.Ordinal));
    }

    private static RunSpec Arrays(TemporaryDirectory directory)
    {
        string x = directory.File("x.npy"), y = directory.File("y.npy");
        NpyWriter.Write(x, new float[12], 1, 6, 2);
        NpyWriter.Write(y, new float[6], 1, 6, 1);
        return Spec with { Data = Spec.Data with { Source = new NpySource { Files = [x, y] }, BatchSize = 1 },
            Train = Spec.Train with { Trainers = 1 } };
    }
}

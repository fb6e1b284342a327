using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Replay;

namespace Orleans.Tbptt.Tests.Training.Replay;

/// <summary>Published steps, found by their numbers, whatever <c>metrics.every</c> was and is.</summary>
public sealed class PublishedStepsTests : IDisposable
{
    private readonly TemporaryDirectory _store = new();

    public void Dispose() => _store.Dispose();

    /// <summary>12,000 events of one step in so many before step 60,000 or so, and as many of one step in so many behind.</summary>
    [Theory]
    [InlineData(10, 1)]
    [InlineData(1, 10)]
    [InlineData(1, 1)]
    public void Steps_AreFound_WhereFewerOrMoreWerePublishedBefore(int before, int after)
    {
        long[] steps = [.. Numbers(0, before), .. Numbers(12_000L * before, after)];
        var run = Write(steps);

        foreach (int index in (int[])[0, 1, 9_999, 10_000, 11_999, 12_000, 23_000, 23_999])
        {
            long step = steps[index];
            Assert.Equal(step, Assert.Single(PublishedSteps.Between(run, step, step)).Step);
            Assert.Equal(steps.Skip(index).Take(20), PublishedSteps.From(run, step).Take(20).Select(one => one.Step));
        }

        Assert.Equal([steps[5], steps[6]], PublishedSteps.Between(run, steps[4] + 1, steps[6]).Select(one => one.Step));
        Assert.Empty(PublishedSteps.Between(run, steps[^1] + 1, long.MaxValue));
        Assert.Equal(steps, PublishedSteps.From(run, 1).Select(one => one.Step));
    }

    private static IEnumerable<long> Numbers(long behind, int every) => Enumerable.Range(1, 12_000).Select(i => behind + ((long)i * every));

    /// <summary>Among them are lines that are no events, more than are read at once to see which step comes next.</summary>
    private RunDirectory Write(long[] steps)
    {
        var run = new RunDirectory(_store.Path, RunId.Parse("published"));
        Directory.CreateDirectory(run.Path);
        IEnumerable<string> lines = steps.Select((step, index) => RunJson.Write(new StepCommitted
        {
            Number = index + 1, Generation = 1, Step = step, Epoch = 1, Loss = 1, GradientNorm = 1, LearningRate = 1, Weight = 1,
            Seconds = 1,
        }));
        File.WriteAllLines(run.Metrics, [.. lines.Take(9_950), .. Enumerable.Repeat("{\"type\":\"no", 300), .. lines.Skip(9_950)]);
        return run;
    }
}

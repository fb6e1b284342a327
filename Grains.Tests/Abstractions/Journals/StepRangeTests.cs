using Orleans.Tbptt.Journals;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Abstractions.Journals;

public sealed class StepRangeTests : IDisposable
{
    private const int Steps = 5_000;
    private static readonly DateTimeOffset Start = new(2026, 3, 14, 12, 0, 0, TimeSpan.Zero);
    private readonly TemporaryDirectory _directory = new();

    private string Journal => _directory.File("metrics.jsonl");

    [Theory]
    [InlineData(1, Steps, 1)]
    [InlineData(1, Steps, 7)]
    [InlineData(1, Steps, 1_000)]
    [InlineData(700, 2_311, 13)]
    [InlineData(4_000, 4_099, 1_000)]
    public void Range_HoldsEachStepOnce_WithItsFigures(long from, long to, int points)
    {
        File.WriteAllLines(Journal, Lines());
        var reader = new JournalReader(Journal, clipNorm: 3);

        var buckets = reader.Range(from, to, points);

        Assert.InRange(buckets.Count, 1, points);
        long next = buckets[0].First;
        foreach (var bucket in buckets)
        {
            var steps = Enumerable.Range((int)bucket.First, (int)bucket.Count).Select(Step).ToList();
            Assert.Equal(next, bucket.First);
            Assert.Equal(bucket.First + bucket.Count - 1, bucket.Step);
            Assert.Equal((steps[^1].Number, steps[^1].Time), (bucket.Number, bucket.Time));
            Assert.Equal(steps.Min(step => step.Loss), bucket.Low);
            Assert.Equal(steps.Max(step => step.Loss), bucket.High);
            Assert.Equal(steps.Average(step => step.Loss), bucket.Loss, 1e-12);
            Assert.Equal(steps.Count(step => step.GradientNorm > 3), bucket.Clipped);
            Assert.Equal(bucket.Step * 8.0, bucket.Elements);
            next = bucket.Step + 1;
        }

        // An aggregate at the edge of the range may reach over it by less than a block.
        Assert.InRange(buckets[0].First, from - StepPart.BlockSteps, from);
        Assert.InRange(buckets[^1].Step, to, to + StepPart.BlockSteps);
    }

    [Fact]
    public void Range_ShowsSingleSteps_WhereThereIsRoomForThem()
    {
        File.WriteAllLines(Journal, Lines());

        var buckets = new JournalReader(Journal).Range(2_000, 2_009, 500);

        Assert.Equal(Enumerable.Range(2_000, 10).Select(step => Step(step).Loss), buckets.Select(bucket => bucket.Loss));
    }

    [Fact]
    public void Range_SeesWhatIsAppended_AndAnotherJournalInItsPlace()
    {
        string[] lines = [.. Lines()];
        File.WriteAllLines(Journal, lines[..1_000]);
        var reader = new JournalReader(Journal);
        Assert.Equal(999, reader.ReadTotal().Count);

        File.AppendAllLines(Journal, lines[1_000..1_500]);
        Assert.Equal(1_499, reader.ReadTotal().Count);

        File.WriteAllLines(Journal, lines[..10]);
        Assert.Equal(9, reader.ReadTotal().Count);
        File.Delete(Journal);
        Assert.Equal(0, reader.ReadTotal().Count);
    }

    [Fact]
    public void Range_PassesOverNumbersThatAreNotFinite_AndCountsThem()
    {
        File.WriteAllLines(Journal, [RunJson.Write(Step(1)), RunJson.Write(Step(2) with { Loss = double.NaN }), RunJson.Write(Step(3))]);

        var bucket = Assert.Single(new JournalReader(Journal).Range(1, 3, 1));

        Assert.Equal((3, 1, Step(3).Loss, Step(1).Loss), (bucket.Count, bucket.NonFinite, bucket.Low, bucket.High));
    }

    [Fact]
    public void Others_AreTheEventsThatAreNotSteps()
    {
        File.WriteAllLines(Journal, Lines());

        var page = new JournalReader(Journal).ReadOthers(0);

        Assert.Equal(Lines().Take(1), page.Lines);
        Assert.Equal(Steps + 1, page.Last);
        Assert.Empty(new JournalReader(Journal).ReadOthers(1).Lines);
    }

    public void Dispose() => _directory.Dispose();

    private static IEnumerable<string> Lines() => Enumerable.Range(1, Steps).Select(step => RunJson.Write(Step(step)))
        .Prepend(RunJson.Write(new RunWarning { Number = 1, Message = "the first event is no step" }));

    private static StepCommitted Step(int step) => new()
    {
        Number = step + 1, Time = Start.AddSeconds(step), Step = step, Epoch = 1, Loss = 2 + Math.Sin(step), GradientNorm = step % 5,
        LearningRate = 0.1, Weight = 8, Seconds = 0.5,
    };
}

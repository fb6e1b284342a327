using Orleans.Tbptt.Journals;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Silo.Web.Feed;
using Orleans.Tbptt.Tests.Abstractions.Journals;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Silo.Web.Feed;

/// <summary>The history of a long run begins with its closed segments.</summary>
public sealed class LoadedHistoryTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Journal => _directory.File("metrics.jsonl");

    [Fact]
    public void History_OfSegments_IsThatOfTheirEvents()
    {
        SegmentSample.Write(Journal, SegmentSample.Segment(0, Line));
        File.WriteAllLines(Journal, Enumerable.Range(SegmentFormat.Events + 1, 5).Select(number => Line(number)));
        RunHistory loaded = new(clipNorm: 1.5), followed = new(clipNorm: 1.5);

        Assert.Equal(SegmentFormat.Events, loaded.Load(new(Journal)));
        for (long number = 1; number <= SegmentFormat.Events + 5; number++)
        {
            var one = RunJson.ReadEvent(Line(number));
            followed.Add(one);
            if (number > SegmentFormat.Events)
                loaded.Add(one);
        }

        Assert.Equal(followed.Number, loaded.Number);
        Assert.Equal(followed.Steps.Buckets.Sum(bucket => bucket.Count), loaded.Steps.Buckets.Sum(bucket => bucket.Count));
        Assert.Equal(followed.Steps.Width, loaded.Steps.Width);
        Assert.Equal(followed.Steps.Buckets.Min(bucket => bucket.Low), loaded.Steps.Buckets.Min(bucket => bucket.Low));
        Assert.Equal(followed.Interruptions.Select(one => (one.Kind, one.From, one.To, one.Step)),
            loaded.Interruptions.Select(one => (one.Kind, one.From, one.To, one.Step)));
        Assert.Equal(followed.Epochs, loaded.Epochs);
        Assert.NotEmpty(loaded.Interruptions);
        Assert.Equal("a", loaded.Started!.Run);
    }

    [Fact]
    public void History_LoadsNothing_WhereNothingIsClosed()
    {
        File.WriteAllLines(Journal, [Line(1), Line(2)]);

        Assert.Equal(0, new RunHistory(clipNorm: null).Load(new(Journal)));
    }

    public void Dispose() => _directory.Dispose();

    private static string Line(long number) => RunJson.Write(number switch
    {
        1 or 40_000 => new RunStarted
        {
            Number = number, Time = SegmentSample.Step(number).Time, Run = "a", Name = "a", Epochs = 1, StepsPerEpoch = 10, Trainers = 1,
            Lanes = 1, Parameters = 1, Directory = "", Step = number - 1,
        },
        _ => SegmentSample.Step(number) with { Step = number - (number > 40_000 ? 2 : 1) },
    });
}

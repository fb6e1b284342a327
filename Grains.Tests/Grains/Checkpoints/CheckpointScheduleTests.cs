using Microsoft.Extensions.Time.Testing;
using Orleans.Tbptt.Grains.Checkpoints;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Tests.Grains.Checkpoints;

public sealed class CheckpointScheduleTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void BySteps_OneIsDueAtEveryMultiple()
    {
        var schedule = Schedule(new() { EverySteps = 10, EverySeconds = 0 }, step: 20);

        Assert.Equal([30, 40, 50], Due(schedule, from: 21, to: 55));
    }

    [Fact]
    public void BySteps_AMultipleThatWasPassed_IsMadeUpForOnce()
    {
        var schedule = Schedule(new() { EverySteps = 10, EverySeconds = 0 }, step: 3);

        Assert.Equal([27, 30], Due(schedule, from: 27, to: 35));
    }

    [Fact]
    public void BySteps_OneIsDue_ThoughTheWriterIsBusy()
    {
        var schedule = Schedule(new() { EverySteps = 10, EverySeconds = 1 }, step: 0);
        _time.Advance(TimeSpan.FromHours(1));

        Assert.False(schedule.IsDue(9, writerIsFree: false));
        Assert.True(schedule.IsDue(10, writerIsFree: false));
    }

    [Fact]
    public void ByTime_OneIsDue_WhenItHasPassedSinceTheLast()
    {
        var schedule = Schedule(new() { EverySeconds = 5 }, step: 0);
        _time.Advance(TimeSpan.FromSeconds(4.9));
        Assert.False(schedule.IsDue(1, writerIsFree: true));
        _time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.True(schedule.IsDue(1, writerIsFree: true));
        Assert.False(schedule.IsDue(1, writerIsFree: false));

        schedule.Taken(1);

        Assert.False(schedule.IsDue(2, writerIsFree: true));
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.True(schedule.IsDue(2, writerIsFree: true));
    }

    [Fact]
    public void ByTime_OneWaits_UntilTwentyTimesTheLastWriteHasPassed()
    {
        var schedule = Schedule(new() { EverySeconds = 5, EverySteps = 1000 }, step: 0);
        schedule.Taken(1);
        schedule.Written(TimeSpan.FromSeconds(2));

        _time.Advance(TimeSpan.FromSeconds(39.9));
        Assert.False(schedule.IsDue(2, writerIsFree: true));
        Assert.True(schedule.IsDue(1000, writerIsFree: true));
        _time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.True(schedule.IsDue(2, writerIsFree: true));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3.4e38)]
    public void ByTime_NoneIsDue_WhenThatIsSwitchedOffOrBeyondAllTime(double seconds)
    {
        var schedule = Schedule(new() { EverySeconds = seconds }, step: 0);
        _time.Advance(TimeSpan.FromDays(3650));

        Assert.False(schedule.IsDue(1, writerIsFree: true));
    }

    [Fact]
    public void AfterAFailure_OneIsDueWhenThePauseIsOver_AndPausesDoubleFrom5To60Seconds()
    {
        var schedule = Schedule(new() { EverySteps = 1, EverySeconds = 0 }, step: 0);
        foreach (int pause in new[] { 5, 10, 20, 40, 60, 60 })
        {
            schedule.Taken(7);
            schedule.Failed();
            Assert.Equal(TimeSpan.FromSeconds(pause), schedule.Pause);
            _time.Advance(TimeSpan.FromSeconds(pause - 0.1));
            Assert.False(schedule.IsDue(8, writerIsFree: true));
            Assert.True(schedule.IsPausing);
            _time.Advance(TimeSpan.FromSeconds(0.1));
            Assert.False(schedule.IsPausing);
            Assert.True(schedule.IsDue(7, writerIsFree: true));
            Assert.False(schedule.IsDue(7, writerIsFree: false));
        }

        Assert.True(schedule.Written(TimeSpan.Zero));
        Assert.False(schedule.Written(TimeSpan.Zero));
        Assert.False(schedule.IsDue(7, writerIsFree: true));
        schedule.Failed();
        Assert.Equal(TimeSpan.FromSeconds(5), schedule.Pause);
    }

    [Theory]
    [InlineData(1, new[] { 0.5 }, 0.5)]
    [InlineData(1, new[] { 0.5, 0.4 }, 0.4)]
    [InlineData(1, new[] { 0.5, 0.6 }, null)]
    [InlineData(1, new[] { 0.5, 0.5 }, null)]
    [InlineData(2, new[] { 0.5, 0.6 }, 0.6)]
    [InlineData(2, new[] { 0.5, 0.6, 0.7 }, null)]
    [InlineData(2, new[] { 0.5, 0.4, 0.45 }, 0.45)]
    [InlineData(0, new[] { 0.5 }, null)]
    [InlineData(1, new double[0], null)]
    [InlineData(1, new[] { 0.5, double.NaN }, null)]
    [InlineData(1, new[] { double.NaN, 0.5 }, 0.5)]
    public void EndOfAnEpoch_IsSaved_WhenItIsOneOfTheBest(int keepBest, double[] losses, double? best) =>
        Assert.Equal(best, Schedule(new() { KeepBest = keepBest }, step: 0).BestLoss(losses));

    private CheckpointSchedule Schedule(CheckpointSpec spec, long step) => new(spec, step, _time);

    private static IEnumerable<int> Due(CheckpointSchedule schedule, int from, int to)
    {
        for (int step = from; step <= to; step++)
        {
            if (!schedule.IsDue(step, writerIsFree: true))
                continue;
            schedule.Taken(step);
            yield return step;
        }
    }
}

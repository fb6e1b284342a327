using Orleans.Tbptt.Grains.Steps;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Steps;

public sealed class StepDeadlineTests
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);
    private readonly WatchedTime _time = new();
    private readonly StepDeadline _deadline;
    private int _late;
    private bool _waiting;

    public StepDeadlineTests() => _deadline = new(_time);

    [Fact]
    public async Task Usual_IsUnknown_UntilThereAreFiveSteps()
    {
        for (int steps = 0; steps < 5; steps++)
        {
            Assert.Null(_deadline.Usual);
            await Take(0.25);
        }

        Assert.Equal(TimeSpan.FromSeconds(0.25), _deadline.Usual);
    }

    [Fact]
    public async Task Step_HasNoDeadline_BeforeThereAreFive()
    {
        await Take(0.1, 0.1, 0.1, 0.1);
        var (all, wait) = Begin();

        await Continue(TimeSpan.FromMinutes(5));

        Assert.False(wait.IsCompleted);
        Assert.Equal(0, _late);
        all.SetResult();
        Assert.Null(await wait);
    }

    [Theory]
    [InlineData(0.001, 1)]
    [InlineData(0.2, 1)]
    [InlineData(0.5, 1.5)]
    [InlineData(2, 6)]
    public async Task Trainers_AreLate_AfterThreeTimesTheMedian_AndOverASecond(double usual, double bound)
    {
        await Take(usual, usual, usual, usual, usual);
        var (all, wait) = Begin();

        await Continue(TimeSpan.FromSeconds(bound));
        Assert.Equal(0, _late);
        await Continue(Look);
        Assert.Equal(1, _late);
        await Continue(Look);
        Assert.Equal(2, _late);

        Assert.False(wait.IsCompleted);
        all.SetResult();
        Assert.Null(await wait);
    }

    [Theory]
    [InlineData(0.001, 0.2)]
    [InlineData(0.05, 0.2)]
    [InlineData(0.1, 0.3)]
    [InlineData(0.5, 1.5)]
    public async Task Tickets_GoToSpares_AfterThreeTimesTheMedian_AndOverAFifthOfASecond(double usual, double bound)
    {
        await Take(usual, usual, usual, usual, usual);
        _time.Forget();
        List<(double Elapsed, double Usual)> speculated = [];
        var all = new TaskCompletionSource();
        var wait = _deadline.Wait(
            all.Task, () => _late++, speculate: (took, known) => speculated.Add((took.TotalSeconds, known.TotalSeconds)));

        var due = TimeSpan.FromSeconds(bound);
        var (elapsed, look) = (TimeSpan.Zero, StepDeadline.LeastSpeculated);
        for (; elapsed < due; look = due - elapsed < Look ? due - elapsed : Look)
        {
            await _time.Waits(look);
            Assert.Empty(speculated);
            _time.Advance(look);
            elapsed += look;
        }

        await _time.Waits(Look);
        Assert.Equal([(bound, usual)], speculated);
        _time.Advance(Look);
        await _time.Waits(Look);
        Assert.Equal(2, speculated.Count);
        all.SetResult();
        Assert.Null(await wait);
    }

    [Fact]
    public async Task CoordinatorThatWasStoppedItself_LooksAgain_BeforeItSpeculates()
    {
        await Take(0.01, 0.01, 0.01, 0.01, 0.01);
        _time.Forget();
        int speculated = 0;
        var all = new TaskCompletionSource();
        var wait = _deadline.Wait(all.Task, () => _late++, speculate: (_, _) => speculated++);
        await _time.Waits(StepDeadline.LeastSpeculated);

        _time.Advance(TimeSpan.FromSeconds(3));
        await _time.Waits(StepDeadline.LeastSpeculated);
        Assert.Equal(0, speculated);
        _time.Advance(StepDeadline.LeastSpeculated);
        await _time.Waits(Look);

        Assert.Equal(1, speculated);
        all.SetResult();
        Assert.Null(await wait);
    }

    [Theory]
    [InlineData(0.001, 10, "did not answer for 10.5 s, where a step takes 0.001 s")]
    [InlineData(0.5, 10, "did not answer for 10.5 s, where a step takes 0.5 s")]
    [InlineData(1, 10, "did not answer for 10.5 s, where a step takes 1 s")]
    [InlineData(2, 20, "did not answer for 20.5 s, where a step takes 2 s")]
    public async Task Trainers_AreLost_AfterTenTimesTheMedian_AndOverTenSeconds(double usual, double bound, string reason)
    {
        await Take(usual, usual, usual, usual, usual);
        var (_, wait) = Begin();

        await Continue(TimeSpan.FromSeconds(bound));
        Assert.False(wait.IsCompleted);
        _time.Advance(Look);

        Assert.Equal(reason, await wait);
        Assert.Equal(TimeSpan.FromSeconds(usual), _deadline.Usual);
    }

    [Fact]
    public async Task StepThatEndsLate_IsRemembered()
    {
        await Take(1, 1, 2, 3, 3);
        Assert.Equal(TimeSpan.FromSeconds(2), _deadline.Usual);
        var (all, wait) = Begin();

        await Continue(TimeSpan.FromSeconds(7));
        all.SetResult();

        Assert.Null(await wait);
        Assert.Equal(2, _late);
        Assert.Equal(TimeSpan.FromSeconds(3), _deadline.Usual);
    }

    [Fact]
    public async Task Usual_IsTheMedianOfTheLastThirtyThree()
    {
        for (int steps = 0; steps < 33; steps++)
            await Take(1);
        for (int steps = 0; steps < 16; steps++)
            await Take(2);
        Assert.Equal(TimeSpan.FromSeconds(1), _deadline.Usual);

        await Take(2);

        Assert.Equal(TimeSpan.FromSeconds(2), _deadline.Usual);
    }

    [Fact]
    public async Task Round_MayTakeAsLongAsItsStepsDo()
    {
        // Rounds of four steps, one of two at an epoch's end.
        await TakeRounds(of: 4, 8, 8, 8, 8);
        await TakeRounds(of: 2, 4);
        Assert.Equal(TimeSpan.FromSeconds(2), _deadline.Usual);
        var (_, wait) = Begin(steps: 4);

        await Continue(TimeSpan.FromSeconds(24));
        Assert.Equal(0, _late);
        await Continue(Look);
        Assert.Equal(1, _late);
        await Continue(TimeSpan.FromSeconds(80 - 24.5));
        Assert.False(wait.IsCompleted);
        _time.Advance(Look);

        Assert.Equal("did not answer for 80.5 s, where 4 steps take 8 s", await wait);
    }

    [Fact]
    public async Task Wait_IsOver_WhenAllHaveAnswered_WithoutALookAtTheClock()
    {
        await Take(1, 1, 1, 1, 1);

        Assert.Null(await _deadline.Wait(Task.CompletedTask, () => _late++));
        var (all, wait) = Begin();
        await _time.Waits(Look);
        all.SetResult();

        Assert.Null(await wait);
        Assert.Equal(0, _late);
    }

    /// <summary>Steps that take so many seconds.</summary>
    private Task Take(params double[] steps) => TakeRounds(of: 1, steps);

    private async Task TakeRounds(int of, params double[] asks)
    {
        foreach (double seconds in asks)
        {
            var (all, wait) = Begin(of);
            await _time.Waits(Look);
            _time.Advance(TimeSpan.FromSeconds(seconds));
            all.SetResult();
            Assert.Null(await wait);
        }

        _late = 0;
    }

    private (TaskCompletionSource All, Task<string?> Wait) Begin(int steps = 1)
    {
        _time.Forget();
        _waiting = false;
        var all = new TaskCompletionSource();
        return (all, _deadline.Wait(all.Task, () => _late++, steps));
    }

    /// <summary>Moves the clock from look to look; when it returns the last of them is over, and the next one waited for.</summary>
    private async Task Continue(TimeSpan span)
    {
        if (!_waiting)
            await _time.Waits(Look);
        for (int look = 0; look < span / Look; look++)
        {
            _time.Advance(Look);
            await _time.Waits(Look);
        }

        _waiting = true;
    }
}

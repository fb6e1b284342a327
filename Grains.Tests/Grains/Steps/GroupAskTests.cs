using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Grains.Steps;
using Orleans.Tbptt.Grains.Transport;
using Orleans.Tbptt.Grains.Trainers;
using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Steps;

public sealed class GroupAskTests
{
    private readonly TaskCompletionSource<ChunkReply>[] _replies = [new(), new()];
    private readonly TaskCompletionSource[] _spares = [new(), new()];
    private readonly GroupAsk _ask;

    public GroupAskTests()
    {
        var grains = Fake.Of<IGrainFactory>((_, _) => null);
        var roster = new Roster(RunId.Parse("tree-0001"), LaneBlock.Split(2, 2), trainers: 2, [], grains);
        _ask = new(roster, [0, 1], TrainerState.Training, TimeProvider.System, (_, _) => { });
        for (int trainer = 0; trainer < 2; trainer++)
            _ask.Add([trainer], _replies[trainer].Task);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Request_IsOver_WhenTheLastCallIsAnsweredOrFails_AfterSparesAnsweredAnother(bool fails)
    {
        var answered = _ask.Answered();
        _ask.Spare([0], _spares[0].Task);
        _ask.TakeInstead([0], Whole());
        Assert.False(answered.IsCompleted);

        if (fails)
            _replies[1].SetException(new TimeoutException());
        else
            _replies[1].SetResult(Whole());

        await answered.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Null(_ask.Spared);
        Assert.False(_ask.Over.IsCompleted);
        Assert.IsType<Contribution>(_ask.Replies[0]);
        Assert.IsType(fails ? typeof(TrainerLost) : typeof(Contribution), _ask.Replies[1]);
    }

    [Fact]
    public async Task Request_IsOver_WhenACallFailed_AndThenItsSpares_AfterSparesAnsweredAnother()
    {
        var answered = _ask.Answered();
        _ask.Spare([0], _spares[0].Task);
        _ask.Spare([1], _spares[1].Task);
        _ask.TakeInstead([0], Whole());
        _replies[1].SetException(new TimeoutException());
        Assert.True(_ask.IsOpen([1]));
        Assert.False(answered.IsCompleted);

        _spares[1].SetResult();

        await answered.WaitAsync(TestContext.Current.CancellationToken);
        Assert.IsType<TrainerLost>(_ask.Replies[1]);
    }

    [Fact]
    public void Call_HasAnswered_WhereItsSparesHaveNot()
    {
        Assert.False(_ask.HasAnswers);
        _ask.Spare([0], _spares[0].Task);
        _ask.Spare([1], _spares[1].Task);

        _ask.TakeInstead([0], Whole());
        _replies[1].SetResult(Whole());

        Assert.True(_ask.HasAnswers);
        Assert.False(_ask.HasAnswered([0]));
        Assert.True(_ask.HasAnswered([1]));
    }

    private static ChunkReply Whole() => new([new Contribution(GradientBuffer.Empty, GradientBuffer.Empty, 1, 1)], []);
}

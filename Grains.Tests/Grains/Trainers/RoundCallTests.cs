using Orleans.Tbptt.Data.Synthetic;
using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Trainers;

public sealed class RoundCallTests(OneSilo fixture) : IClassFixture<OneSilo>
{
    /// <summary>Rounds of 100,000 chunks: one takes minutes, if nobody ends it.</summary>
    private static readonly RunSpec Long = Of(100_000, 1_000_000);
    private static readonly RunSpec Short = Of(4, 1_000);
    private static readonly ParameterLayout Layout = ParameterLayout.Of(Short.Model);

    [Fact]
    public async Task Round_IsGivenUp_WhenANewerGenerationAssigns()
    {
        var trainer = await Assigned("taken", Long, generation: 1);
        var round = await Begun(trainer);

        var ready = await trainer.Assign(Assignment("taken", Long, generation: 2));

        Assert.IsType<TrainerReady>(ready);
        Assert.Equal(2, Assert.IsType<Refusal>(await round.Reply).NewestGeneration);
        Assert.Equal(2, Assert.IsType<Refusal>(await trainer.TrainRound(Ticket(1, chunks: 1))).NewestGeneration);
        Assert.IsType<RoundContribution>(await trainer.TrainRound(Ticket(2, chunks: 3)));
        await trainer.Release(2);
    }

    [Fact]
    public async Task Round_IsGivenUp_WhenTheTrainerIsReleased()
    {
        var trainer = await Assigned("released", Long, generation: 1);
        var round = await Begun(trainer);

        await trainer.Release(1);

        Assert.IsType<RoundGivenUp>(await round.Reply);
        Assert.Equal(0, Assert.IsType<Refusal>(await trainer.TrainRound(Ticket(1, chunks: 1))).NewestGeneration);
    }

    [Fact]
    public async Task Round_IsGivenUp_WhenAnotherTrainerIsLostInIt_AndNoOtherRound()
    {
        var trainer = await Assigned("meanwhile", Long, generation: 1);
        var round = await Begun(trainer);

        await trainer.GiveUpRound(generation: 1, step: 0);

        Assert.IsType<RoundGivenUp>(await round.Reply);
        await trainer.Assign(Assignment("meanwhile", Long, generation: 2));
        await trainer.GiveUpRound(generation: 1, step: 0);
        Assert.IsType<RoundContribution>(await trainer.TrainRound(Ticket(2, chunks: 3)));
        await trainer.GiveUpRound(generation: 2, step: 0);
        Assert.IsType<RoundContribution>(await trainer.TrainRound(Ticket(2, chunks: 3) with { Step = 3, Chunk = 3 }));
        await trainer.Release(2);
    }

    [Fact]
    public async Task Trainer_RefusesARound_ThatItHasMadeAlready_UntilItIsAssignedAnew()
    {
        var trainer = await Assigned("again", Short, generation: 1);
        var first = Assert.Single(Assert.IsType<RoundContribution>(await trainer.TrainRound(Ticket(1, chunks: 4))).Shards);
        float[] difference = first.DifferenceSum.Span.ToArray(), hidden = first.Hidden.Span.ToArray(),
        mean = first.Optimizer.Averages[0].Span.ToArray();

        Assert.Contains("not at step 0", Assert.IsType<Refusal>(await trainer.TrainRound(Ticket(1, chunks: 4))).Reason);
        await trainer.Assign(Assignment("again", Short, generation: 2));
        var second = Assert.Single(Assert.IsType<RoundContribution>(await trainer.TrainRound(Ticket(2, chunks: 4))).Shards);

        Assert.Contains(difference, value => value != 0);
        Bits.Same(difference, second.DifferenceSum.Span);
        Bits.Same(hidden, second.Hidden.Span);
        Bits.Same(mean, second.Optimizer.Averages[0].Span);
        Assert.Equal((4L, 4), (second.Optimizer.Count, second.LossSums.Count));
    }

    [Fact]
    public async Task Trainer_ContinuesFromTheOptimizerStateItIsGiven()
    {
        var whole = await Assigned("whole", Short, generation: 1);
        var expected = Assert.Single(Assert.IsType<RoundContribution>(await whole.TrainRound(Ticket(1, chunks: 4))).Shards);
        float[] expectedMean = expected.Optimizer.Averages[0].Span.ToArray();
        var first = await Assigned("first", Short, generation: 1);
        var half = Assert.Single(Assert.IsType<RoundContribution>(await first.TrainRound(Ticket(1, chunks: 2))).Shards);

        // Where the first stopped, with the parameters that it had reached.
        float[] parameters = [.. States.Parameters(Layout).Span.ToArray()
            .Zip(half.DifferenceSum.Span.ToArray(), (start, sum) => start - (sum / (float)half.Weights.Sum()))];
        var second = fixture.Silos.Grains.GetGrain<ITrainerGrain>(0, "second");
        await second.Assign(Assignment("second", Short, 1) with { Step = 2, Hidden = half.Hidden, Optimizers = [half.Optimizer] });
        var ticket = new RoundTicket(1, 2, 0, 2, 2, GradientBuffer.Wrap(parameters));
        var rest = Assert.Single(Assert.IsType<RoundContribution>(await second.TrainRound(ticket)).Shards);

        Assert.Equal(expected.Optimizer.Count, rest.Optimizer.Count);
        Assert.All(expectedMean.Zip(rest.Optimizer.Averages[0].Span.ToArray()), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        Assert.All(expected.LossSums.Skip(2).Zip(rest.LossSums), pair => Assert.Equal(pair.First, pair.Second, 1e-4 * pair.First));
    }

    [Fact]
    public async Task Trainer_ReportsThatItWasGivenNoOptimizerState()
    {
        var trainer = fixture.Silos.Grains.GetGrain<ITrainerGrain>(0, "without");

        var fault = Assert.IsType<TrainerFault>(await trainer.Assign(Assignment("without", Short, 1) with { Optimizers = null }));

        Assert.Contains("found 0 optimizer states in an assignment, expected 1", fault.Message);
    }

    private static RunSpec Of(int round, int length)
    {
        var spec = TestSpecs.Average(trainers: 1).InRounds(round);
        return spec with { Data = spec.Data with { Source = new AverageSource { Sequences = 6, SequenceLength = length } } };
    }

    private static ShardAssignment Assignment(string run, RunSpec spec, int generation) => new(
        RunId.Parse(run), generation, spec, 0, 1, 0,
        GradientBuffer.Wrap(new float[spec.Data.BatchSize * Layout.HiddenPerLane]), [],
        [new(0, [GradientBuffer.Wrap(new float[Layout.Length]), GradientBuffer.Wrap(new float[Layout.Length])])]);

    private static RoundTicket Ticket(int generation, int chunks) => new(generation, 0, 0, 0, chunks, States.Parameters(Layout));

    private sealed record Begin(Task<TrainerReply> Reply);

    /// <summary>Begins a long round, and returns when the trainer is at it.</summary>
    private async Task<Begin> Begun(ITrainerGrain trainer)
    {
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        fixture.Calls.Before = call =>
        {
            // Whatever the grain is asked after this comes behind the round.
            if (call.Method == nameof(ITrainerGrain.TrainRound))
                begun.TrySetResult();
            return Task.CompletedTask;
        };
        var reply = trainer.TrainRound(Ticket(1, chunks: 100_000));
        await begun.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        fixture.Calls.Reset();
        return new(reply);
    }

    private async Task<ITrainerGrain> Assigned(string run, RunSpec spec, int generation)
    {
        var trainer = fixture.Silos.Grains.GetGrain<ITrainerGrain>(0, run);
        Assert.IsType<TrainerReady>(await trainer.Assign(Assignment(run, spec, generation)));
        return trainer;
    }
}

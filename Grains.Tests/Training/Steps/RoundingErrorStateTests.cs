using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Tests.Training.Steps;

/// <summary>The trainers' rounding errors as part of the committed state.</summary>
public sealed class RoundingErrorStateTests
{
    private static readonly RunSpec Spec = States.Spec().WithFeedback();

    [Fact]
    public void State_IsWhole_WhenTheErrorsOfItsLastStepAreTaken()
    {
        var state = new TrainingState(Spec);
        var snapshot = new TrainingSnapshot(Spec);
        Assert.True(state.IsWhole);
        Step(state);

        Assert.False(state.IsWhole);
        Assert.Contains("after step 1 are not here", Assert.Throws<InvalidOperationException>(() => state.CopyTo(snapshot)).Message, StringComparison.Ordinal);
        Assert.Equal(0, snapshot.Step);

        var errors = Errors(state, 2);
        state.TakeErrors(errors);
        Assert.True(state.IsWhole);
        state.CopyTo(snapshot);
        var restored = new TrainingState(Spec);
        Step(restored);
        restored.Restore(snapshot);
        Assert.True(restored.IsWhole);
        States.AssertSame(state, restored);
        Bits.Same(errors[1].Span, restored.Own[1].Values);
    }

    [Fact]
    public void Errors_OfOtherTrainersOrParameters_AreRefused()
    {
        var state = new TrainingState(Spec);
        Step(state);

        Assert.Contains("of 1 trainers", Assert.Throws<ArgumentException>(() => state.TakeErrors(Errors(state, 1))).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => state.TakeErrors([Errors(state, 1)[0], new float[3]]));
        Assert.False(state.IsWhole);
    }

    [Fact]
    public void Errors_OfFormerTrainers_AreSharedOut_AndStayTheSameInSum()
    {
        var state = new TrainingState(Spec);
        Step(state);
        var errors = Errors(state, 2);
        state.TakeErrors(errors);
        var snapshot = new TrainingSnapshot(Spec);
        state.CopyTo(snapshot);

        var other = new TrainingState(Spec with { Train = Spec.Train with { Trainers = 4 } });
        other.Restore(snapshot);

        Assert.Equal(4, other.Own.Count);
        float[] share = [.. errors[0].ToArray().Zip(errors[1].ToArray(), (one, two) => (one + two) / 4)];
        Assert.All(other.Own, own => Bits.Same(share, own.Values));
    }

    [Fact]
    public void State_IsAlwaysWhole_WhereTrainersKeepNothing()
    {
        var state = States.After(States.Spec(), 3);
        Assert.True(state.IsWhole);
        Assert.Empty(state.Own);
    }

    private static ReadOnlyMemory<float>[] Errors(TrainingState state, int trainers) =>
        [.. Enumerable.Range(0, trainers).Select(trainer => (ReadOnlyMemory<float>)new Draws(50 + trainer).Floats(state.Layout.Length))];

    private static void Step(TrainingState state)
    {
        var draws = new Draws(7);
        Assert.IsType<StepOutcome.Committed>(state.Commit([new(draws.Floats(state.Layout.Length), draws.Floats(state.Hidden.Length), 1, 2)]));
    }
}

using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Optimizers;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Tests.Training.Steps;

public sealed class TrainingSnapshotTests
{
    public static TheoryData<string> Optimizers => [.. States.Optimizers.Keys];

    [Theory]
    [MemberData(nameof(Optimizers))]
    public void RestoredState_IsTheSame_AndContinuesToTheSameBits(string optimizer) =>
        States.AssertContinuesAlike(States.Spec(optimizer), 5, 2);

    /// <summary>In the middle of an update of three chunks, with an average, and with one that begins by losses.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void RestoredState_IsTheSame_InTheMiddleOfAnUpdate(bool isMean)
    {
        var spec = States.Spec();
        var train = isMean ? spec.Train with { Optimizer = new Sgd { Lr = 0.1, Average = new() { Window = 0 } } }
            : spec.Train with { Ema = new() { Decay = 0.9 } };
        spec = spec with { Train = train with { Accumulate = 3 } };
        TrainingState state = States.After(spec, 2), restored = States.After(spec, 1);
        state.FinishEpoch(validation: 1);
        state.FinishEpoch(validation: 2);
        States.Advance(state, 6);
        Assert.Equal((2, 2), (state.Updates, state.Average.Count));
        var snapshot = new TrainingSnapshot(spec);

        state.CopyTo(snapshot);
        restored.Restore(snapshot);

        States.AssertSame(state, restored);
        Assert.Equal([1, 2], restored.Losses);
        States.Advance(state, 4);
        States.Advance(restored, 4);
        States.AssertSame(state, restored);
        Assert.NotEqual(state.Parameters, state.Average.Values);
    }

    /// <summary>Nothing is drawn, or read from <c>model.initFrom</c>, for parameters that come from a checkpoint.</summary>
    [Fact]
    public void EmptyState_IsRestored_WithoutParametersOfItsOwn()
    {
        var state = States.After(States.Spec(), 4);
        var snapshot = new TrainingSnapshot(States.Spec());
        state.CopyTo(snapshot);
        var restored = TrainingState.Empty(
            States.Spec() with { Model = States.Spec().Model with { InitFrom = "/nowhere/weights.safetensors" } });
        Assert.All(restored.Parameters, value => Assert.Equal(0, value));

        restored.Restore(snapshot);

        States.AssertSame(state, restored);
    }

    /// <summary>A run that extends another one may have averages and sums that it had not, or lack some: they begin anew.</summary>
    [Theory]
    [InlineData(true, true, 2)]
    [InlineData(true, false, 0)]
    [InlineData(false, true, 0)]
    public void State_ContinuesTheEndOfAnotherRun_WithOtherAveragesAndSums(bool had, bool has, long count)
    {
        RunSpec Of(bool isThere) => !isThere ? States.Spec()
            : States.Spec() with { Train = States.Spec().Train with { Ema = new() { Decay = 0.9 }, Accumulate = 3 } };
        var end = new TrainingSnapshot(Of(had));
        var parent = States.After(Of(had), 6);
        parent.CopyTo(end);
        var child = new TrainingState(Of(has));

        child.Continue(end, [0, 1, 2, 3, 4, 5]);

        Bits.Same(parent.Parameters, child.Parameters);
        Bits.Same(parent.Optimizer.Averages[1].Values.Span, child.Optimizer.Averages[1].Values.Span);
        Assert.Equal((6, parent.Optimizer.Count, count), (child.Step, child.Optimizer.Count, child.Average.Count));
        Assert.Equal(had ? 2 : 6, child.Updates);
        States.Advance(child, 3);
        Assert.Equal((had ? 2 : 6) + (has ? 1 : 3), child.Updates);

        // And on, from what its checkpoint says of it.
        var last = new TrainingSnapshot(Of(has));
        child.CopyTo(last);
        var grandchild = new TrainingState(Of(!has));
        grandchild.Continue(last, [0, 1, 2, 3, 4, 5]);
        Assert.Equal(child.Updates, grandchild.Updates);
        Assert.Throws<ArgumentException>(() => new TrainingState(States.Spec("rmsprop")).Continue(end, []));
    }

    /// <summary>A mean over all updates since a trigger is none that an exponential average could continue.</summary>
    [Fact]
    public void ExponentialAverage_BeginsAnew_WhereTheOtherRunHadAMean()
    {
        var spec = States.Spec("sgd");
        var train = spec.Train;
        var mean = spec with { Train = train with { Optimizer = ((Sgd)train.Optimizer) with { Average = new() } } };
        var end = new TrainingSnapshot(mean) { AverageCount = 4 };
        var child = new TrainingState(spec with { Train = train with { Ema = new() { Decay = 0.9 } } });

        child.Continue(end, [0, 1, 2, 3, 4, 5]);

        Assert.Equal(0, child.Average.Count);
    }

    [Fact]
    public void Snapshot_StaysAsItIs_WhileTheStateContinues()
    {
        var spec = States.Spec();
        var state = States.After(spec, 5);
        var snapshot = new TrainingSnapshot(spec);
        state.CopyTo(snapshot);

        States.Advance(state, 4);

        state.Restore(snapshot);
        States.AssertSame(States.After(spec, 5), state);
    }

    [Fact]
    public void Snapshot_IsUsedAgain_WithoutAnAllocation()
    {
        var spec = States.Spec();
        var state = States.After(spec, 3);
        var snapshot = new TrainingSnapshot(spec);
        state.CopyTo(snapshot);
        States.Advance(state, 1);

        long before = GC.GetAllocatedBytesForCurrentThread();
        state.CopyTo(snapshot);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(0, allocated);
        var restored = new TrainingState(spec);
        restored.Restore(snapshot);
        States.AssertSame(state, restored);
    }

    [Fact]
    public void State_IsLeftAsItIs_WhenTheSnapshotIsOfAnotherSpec()
    {
        var spec = States.Spec();
        var state = States.After(spec, 3);
        RunSpec[] others =
        [
            States.Spec("rmsprop"), States.Spec(cell: new GruCell()), spec with { Data = spec.Data with { BatchSize = 5 } },
            spec with { Model = spec.Model with { HiddenSize = 13 } },
        ];

        foreach (var other in others)
        {
            var snapshot = new TrainingSnapshot(other);
            Assert.Contains("the snapshot is for", Assert.Throws<ArgumentException>(() => state.Restore(snapshot)).Message);
            Assert.Throws<ArgumentException>(() => state.CopyTo(snapshot));
        }

        States.AssertSame(States.After(spec, 3), state);
    }

    [Fact]
    public void Averages_AreTensorsUnderTorchsNames_OneAfterAnother()
    {
        var spec = States.Spec();
        var layout = ParameterLayout.Of(spec.Model);

        var slots = new TrainingSnapshot(spec).AverageSlots;

        Assert.Equal(
            [.. layout.Slots.Select(slot => $"exp_avg.{slot.Name}"), .. layout.Slots.Select(slot => $"exp_avg_sq.{slot.Name}")],
            slots.Select(slot => slot.Name));
        Assert.Equal(layout.Slots.Concat(layout.Slots).Select(slot => slot.Shape), slots.Select(slot => slot.Shape));
        Assert.Equal(layout.Length + layout.Slots[3].Offset, slots[layout.Slots.Count + 3].Offset);
    }
}

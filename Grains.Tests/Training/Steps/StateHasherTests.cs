using System.IO.Hashing;
using System.Runtime.InteropServices;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Tests.Training.Steps;

public sealed class StateHasherTests
{
    private const int Steps = 3;

    public static TheoryData<string> Recipes => ["sgd", "adam", "accumulate", "ema", "local"];

    [Theory]
    [MemberData(nameof(Recipes))]
    public void StepsHash_IsThatOfTheStateAfterIt_InWhateverPiecesItCame(string recipe)
    {
        var spec = Spec(recipe);
        var state = new TrainingState(spec);
        if (spec.Train.IsLocal)
        {
            var round = Round(state);
            Assert.Equal([null, null, state.Hash()], round.Steps.Select(step => step.Hash));
            return;
        }

        var other = new TrainingState(spec);
        for (int step = 0; step < Steps; step++)
        {
            var hash = Step(state, piece: 1 << 14).Hash;
            Assert.NotNull(hash);
            Assert.Equal(hash, state.Hash());
            Assert.Equal(hash, Step(other, piece: 24).Hash);
        }
    }

    [Theory]
    [MemberData(nameof(Recipes))]
    public void Hash_IsAnother_WhereOneBitOfAnythingIs(string recipe)
    {
        var spec = Spec(recipe);
        var state = States.After(spec, Steps);
        HashSet<StateHash> hashes = [state.Hash()];

        Differs(snapshot => Flip(ref snapshot.Parameters[^1]));
        Differs(snapshot => Flip(ref snapshot.Hidden[3]));
        Differs(snapshot => snapshot.Step++);
        Differs(snapshot => snapshot.OptimizerCount++);
        if (spec.Train.Accumulate > 1)
            Differs(snapshot => snapshot.GradientWeight++);
        int length = state.Parameters.Length;
        for (int buffer = 0; buffer < state.Buffers.Count; buffer++)
            Differs(snapshot => Flip(ref snapshot.Averages[buffer * length + 5]));
        for (int shard = 0; shard < state.TrainerOptimizers.Count; shard++)
        {
            Differs(snapshot => Flip(ref snapshot.TrainerOptimizers[shard].Values[^1]));
            Differs(snapshot => snapshot.TrainerOptimizers[shard].Count++);
        }

        void Differs(Action<TrainingSnapshot> change)
        {
            var snapshot = new TrainingSnapshot(spec);
            state.CopyTo(snapshot);
            change(snapshot);
            var changed = TrainingState.Empty(spec);
            changed.Restore(snapshot);
            Assert.True(hashes.Add(changed.Hash()));
        }
    }

    /// <summary>As docs/exactness.md defines it, so that other programs can make it, and a later version makes the same.</summary>
    [Fact]
    public void Hash_IsXxh3_OfTheNumbersAndOfTheArraysHashes()
    {
        var state = States.After(States.Spec("adam"), Steps);
        ulong[] numbers =
        [
            3, 3, 3, 0, 0, Of(state.Parameters), Of(state.Buffers[0].Values.Span), Of(state.Buffers[1].Values.Span), Of(state.Hidden),
        ];

        Assert.Equal(["exp_avg", "exp_avg_sq"], state.Buffers.Select(buffer => buffer.Name));
        Assert.Equal(new StateHash(XxHash3.HashToUInt64(MemoryMarshal.AsBytes<ulong>(numbers))), state.Hash());

        static ulong Of(ReadOnlySpan<float> values) => XxHash3.HashToUInt64(MemoryMarshal.AsBytes(values));
    }

    [Fact]
    public void Hash_IsMade_OnlyWhereAStepsEventIsKept()
    {
        var spec = States.Spec();
        var third = new TrainingState(spec with { Metrics = new() { Every = 3 } });
        var off = new TrainingState(spec with { Metrics = new() { StateHash = false } });

        Assert.Equal([false, false, true], Enumerable.Range(0, Steps).Select(_ => Step(third, 1 << 14).Hash is not null));
        Assert.Null(Step(off, 1 << 14).Hash);
    }

    [Fact]
    public void Hash_OfAStep_AllocatesNothing()
    {
        var with = new TrainingState(States.Spec());
        var without = new TrainingState(States.Spec() with { Metrics = new() { StateHash = false } });

        Assert.Equal(Allocated(without), Allocated(with));

        static long Allocated(TrainingState state)
        {
            var commit = new StepCommit(state, state.Train, 1 << 14);
            var result = Result(state);
            commit.Commit([result]);
            long before = GC.GetAllocatedBytesForCurrentThread();
            commit.Commit([result]);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    [Theory]
    [InlineData("00000000000000ff", 255ul)]
    [InlineData("ffffffffffffffff", ulong.MaxValue)]
    [InlineData("ff", null)]
    [InlineData("00000000000000fg", null)]
    [InlineData(" 0000000000000ff", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void Text_OfAHash_HasSixteenDigits(string? text, ulong? value)
    {
        Assert.Equal(value is not null, StateHash.TryParse(text, out var hash));
        Assert.Equal(value ?? 0, hash.Value);
        if (value is not null)
            Assert.Equal(text, hash.ToString());
    }

    private static RunSpec Spec(string recipe)
    {
        var spec = States.Spec(recipe == "sgd" ? "sgd" : "adam");
        var train = recipe switch
        {
            "accumulate" => spec.Train with { Accumulate = 2 },
            "ema" => spec.Train with { Ema = new() { Decay = 0.9 } },
            "local" => spec.Train with { Trainers = 2, Sync = new() { Mode = SyncMode.Local, Chunks = Steps, Outer = new() } },
            _ => spec.Train,
        };
        return spec with { Train = train };
    }

    private static StepOutcome.Committed Step(TrainingState state, int piece) => Assert.IsType<StepOutcome.Committed>(
        new StepCommit(state, state.Train, piece) { ClosesUpdate = (state.Step + 1) % state.Train.Accumulate == 0 }
            .Commit([Result(state)]));

    private static ShardResult Result(TrainingState state)
    {
        var draws = new Draws(7 + state.Step);
        return new(draws.Floats(state.Parameters.Length), draws.Floats(state.Hidden.Length), 1, 2);
    }

    private static StepOutcome.Round Round(TrainingState state)
    {
        var draws = new Draws(7);
        return Assert.IsType<StepOutcome.Round>(state.CommitRound([.. state.TrainerOptimizers.Select(inner => new RoundResult(
            draws.Floats(state.Parameters.Length), draws.Floats(state.Hidden.Length / 2), [1, 2, 3], [4, 5, 6],
            [.. inner.Names.Select(_ => (ReadOnlyMemory<float>)draws.Floats(state.Parameters.Length))], 3))]));
    }

    private static void Flip(ref float value) => value = BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(value) ^ 1);
}

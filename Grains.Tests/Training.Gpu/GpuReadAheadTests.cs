using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.Gpu;
using Orleans.Tbptt.Training.Gpu.Emulation;
using Orleans.Tbptt.Training.Replicas;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Tests.Training.Gpu;

/// <summary>
/// Chunks that are copied to an emulated device ahead of their step: the same bits, and never those of another chunk.
/// </summary>
public sealed class GpuReadAheadTests
{
    private static readonly int[] Lengths = [9, 14, 4, 11, 6, 17, 8, 12];

    /// <summary>Values with masked targets, tokens whose vectors may be dropped, columns of classes, both directions.</summary>
    public static TheoryData<NetworkKind, string> Kinds { get; } = new()
    {
        { new("lstm", 2, Tokens: false, Classes: false, 0.3, IsMasked: true), "" },
        { new("gru", 1, Tokens: true, Classes: true, 0), "embedding" },
        { new("rnn", 1, Tokens: false, Classes: false, 0, Columns: 2), "" },
        { new("lstm", 1, Tokens: true, Classes: true, 0), "both" },
        { new("lstm", 1, Tokens: false, Classes: false, 0, Loss: "gaussian"), "" },
    };

    [Theory, MemberData(nameof(Kinds))]
    public void Chunk_HasTheBitsOfTheCpu_WhetherItWasTakenInOrNot(NetworkKind kind, string model) => Assert.All([false, true], late =>
    {
        var example = Example(kind, model);
        using var expected = new FusedReplica(example.Model, example.Loss);
        using var device = new Emulator(backwards: late);
        using var actual = new GpuReplica(device, example.Model, example.Loss);
        int taken = 0;
        for (int round = 0; round < 7; round++)
        {
            int chunk = round % 2;
            var batch = example.Batch(chunk);

            // Twice by itself, once behind another one, which is thrown away, and once before another one, which is run first.
            switch (round % 4)
            {
                case 0 or 1:
                    actual.ReadAhead(batch);
                    taken++;
                    break;
                case 2:
                    actual.ReadAhead(batch);
                    actual.ReadAhead(example.Batch(1 - chunk));
                    break;
                default:
                    actual.ReadAhead(batch);
                    var other = example.Batch(1 - chunk);
                    Bits.Same(Run(expected, example, other, round), Run(actual, example, other, round));
                    taken++;
                    break;
            }

            Bits.Same(Run(expected, example, batch, round), Run(actual, example, batch, round));
            Assert.Equal(taken, actual.TakenAhead);
        }
    });

    /// <summary>A batch that was filled anew is another chunk, although it is the same object.</summary>
    [Fact]
    public void Chunk_ThatWasLoadedAnew_IsNotTheOneThatWasTakenIn()
    {
        var example = Example(new("lstm", 1, Tokens: false, Classes: false, 0), "");
        using var expected = new FusedReplica(example.Model, example.Loss);
        using var device = new Emulator(backwards: true);
        using var actual = new GpuReplica(device, example.Model, example.Loss);
        var batch = example.Batch(0);
        actual.ReadAhead(batch);
        batch.Load(example.Sequences, example.Plan, 1, example.Block);

        Bits.Same(Run(expected, example, batch, 1), Run(actual, example, batch, 1));
        Assert.Equal(0, actual.TakenAhead);
    }

    /// <summary>
    /// A trainer's steps, with an evaluation, a step that is repeated, a recovery to an earlier state, and a chunk wrongly guessed.
    /// </summary>
    [Fact]
    public void Trainer_HasTheSameBits_WhateverWasReadAhead()
    {
        var spec = TestSpecs.Average(trainers: 3, layers: 2, dropout: 0.3);
        spec = spec with { Tbptt = new() { ChunkLength = 5 }, Model = spec.Model with { InputSize = 3, OutputSize = 2 } };
        using var data = new FormulaData(new(3, 0, 2, 0), new Draws(71).Ints(40, 1, 20), [9, 4, 12, 7, 5, 11, 3]);
        float[] parameters = InitialParameters.Of(spec, ParameterLayout.Of(spec.Model));
        using var device = new Emulator(backwards: true);
        var replica = new GpuReplica(device, spec.Model, spec.Train.Loss);
        using var plain = new TrainerShards(spec, data, [LaneBlock.Split(6, 3)[1]], Engine.Open(spec, DeviceName.Cpu));
        using var ahead = new TrainerShards(spec, data, [LaneBlock.Split(6, 3)[1]], replica);
        float[] third = [];
        for (long step = 0; step < 9; step++)
        {
            Same(step);
            if (step == 2)
                third = ahead.Hidden.ToArray();
            ahead.Prefetch(At(step == 4 ? 6 : step));
            if (step == 1)
                Bits.Same([Evaluate(plain)], [Evaluate(ahead)]);
            if (step == 5)
                Same(step);
        }

        // Every chunk but the first one, the one that was guessed wrongly, the one that was repeated, and the one behind that.
        Assert.Equal(6, replica.TakenAhead);
        foreach (var shards in (TrainerShards[])[plain, ahead])
            shards.Restore(3, third);
        Same(3);
        Same(4);
        Assert.Equal(6, replica.TakenAhead);

        void Same(long step)
        {
            var (wanted, found) = (Train(plain, step), Train(ahead, step));
            Bits.Same(wanted, found);
        }

        float[] Train(TrainerShards shards, long step)
        {
            float[] gradient = new float[parameters.Length];
            float[] moved = [.. parameters.Select(value => value * (1 + (0.01f * step)))];
            var (loss, weight) = shards.TrainChunk(At(step), moved, gradient)[0];
            return [(float)loss, (float)weight, .. gradient, .. shards.Hidden.Span];
        }

        double Evaluate(TrainerShards shards) => shards.EvaluateChunk(0, parameters)[0].LossSum;
    }

    /// <summary>What is copied ahead takes no memory from a chunk: it is given up, and the chunk runs.</summary>
    [Fact]
    public void Memory_IsGivenUp_WhereAChunkNeedsIt()
    {
        var example = Example(new("lstm", 1, Tokens: false, Classes: false, 0), "");
        using var expected = new FusedReplica(example.Model, example.Loss);
        long needed = Measure(example);
        using var device = new Emulator(memory: needed);
        using var actual = new GpuReplica(device, example.Model, example.Loss);
        actual.LoadParameters(example.Parameters);
        var batch = example.Batch(0);
        actual.ReadAhead(batch);

        Bits.Same(Run(expected, example, batch, 0), Run(actual, example, batch, 0));
        Assert.Equal(0, device.FreeMemory);

        // Neither is it tried again.
        actual.ReadAhead(batch);
        Bits.Same(Run(expected, example, batch, 1), Run(actual, example, batch, 1));
    }

    /// <summary>The device is lost while a chunk is taken in: that says so, the step does, and the host gets its memory back.</summary>
    [Fact]
    public void LostDevice_IsFoundByTheStep_AndLeavesNothingBehind()
    {
        var example = Example(new("lstm", 1, Tokens: false, Classes: false, 0), "");
        var fuse = new FailingAccelerator.Fuse(1_000);
        using var device = new Emulator(backwards: true);
        var replica = new GpuReplica(new FailingAccelerator(device.OpenAnother(), fuse), example.Model, example.Loss, ownsDevice: true);
        var batch = example.Batch(0);
        replica.ReadAhead(batch);
        Run(replica, example, batch, 0);
        replica.ReadAhead(batch);
        for (int launch = 0; !fuse.IsBlown; launch++)
            fuse.Launch();

        Assert.Throws<DeviceLostException>(() => replica.ReadAhead(example.Batch(1)));
        Assert.Throws<DeviceLostException>(() => Run(replica, example, batch, 0));
        replica.Dispose();

        Assert.Equal(0, device.PageLocked);
    }

    private static long Measure(ReferenceCase example)
    {
        using var device = new Emulator(memory: 1 << 30);
        using var replica = new GpuReplica(device, example.Model, example.Loss);
        Run(replica, example, example.Batch(0), 0);
        return (1 << 30) - device.FreeMemory;
    }

    private static ReferenceCase Example(NetworkKind kind, string model) => new(
        kind, Lengths, lanes: 4, chunkLength: model == "both" ? 17 : 6, one => model switch
        {
            "embedding" => one with { Dropout = new() { Embedding = 0.4 } },
            "both" => one with { Bidirectional = true },
            _ => one,
        });

    private static StepPosition At(long step) => new(step, 0, step);

    private static float[] Run(IReplica replica, ReferenceCase example, ChunkBatch batch, int round)
    {
        float[] hidden = new float[example.HiddenBefore.Length], gradient = new float[example.Layout.Length];
        replica.LoadParameters([.. example.Parameters.Select(value => value * (1 + (round / 8f)))]);
        double loss = replica.ForwardBackward(batch, example.Dropout(round), example.HiddenBefore, hidden, gradient);
        return [(float)loss, .. hidden, .. gradient];
    }
}

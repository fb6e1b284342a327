using System.Runtime.InteropServices;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Replicas;
using Orleans.Tbptt.Training.Rounds;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Trainers;

/// <summary>
/// A trainer's shards in rounds of local steps: each has parameters and an optimizer of its own, so each makes its steps after the other.
/// </summary>
internal sealed class LocalShards
{
    private readonly TrainerShards[] _shards;
    private readonly LocalTrainer[] _trainers;

    /// <summary>Creates them at step 0.</summary>
    /// <param name="spec">The run's spec, every size known.</param>
    /// <param name="data">The run's data; not owned.</param>
    /// <param name="lanes">The lanes of each shard.</param>
    /// <param name="replica">The trainer's replica, which all of them use; not owned.</param>
    public LocalShards(RunSpec spec, IDataSource data, IReadOnlyList<LaneBlock> lanes, IReplica replica)
    {
        _shards = [.. lanes.Select(block => new TrainerShards(spec, data, [block], replica))];
        _trainers = [.. _shards.Select(shard => new LocalTrainer(spec, shard))];
    }

    /// <summary>Whether the round that begins at a step can be run.</summary>
    public bool CanTrain(long step) => _trainers.All(trainer => trainer.CanTrain(step));

    /// <summary>Puts hidden states and optimizers at an assignment's state.</summary>
    /// <exception cref="InvalidDataException">The assignment does not hold a state of each optimizer.</exception>
    public void Restore(ShardAssignment assignment)
    {
        if (assignment.Optimizers is not { } optimizers || optimizers.Count != _trainers.Length)
        {
            throw new InvalidDataException($"found {assignment.Optimizers?.Count ?? 0} optimizer states in an assignment, expected "
                + $"{_trainers.Length}, because each shard makes local steps");
        }

        int first = 0;
        for (int shard = 0; shard < _trainers.Length; shard++)
        {
            int length = _shards[shard].Hidden.Length;
            _shards[shard].Restore(assignment.Step, assignment.Hidden.Span.Slice(first, length));
            var state = optimizers[shard];
            _trainers[shard].Restore(
                assignment.Step, [.. state.Averages.Select(average => (ReadOnlyMemory<float>)average.Memory)], state.Count);
            state.Release();
            first += length;
        }
    }

    /// <summary>Runs a round.</summary>
    /// <param name="at">Its first chunk.</param>
    /// <param name="chunks">The number of chunks, all of one epoch.</param>
    /// <param name="start">The parameters of S(step).</param>
    /// <param name="isAbandoned">Checked before every chunk: whether the round was abandoned.</param>
    /// <returns>Null when the round was abandoned; the shards must then be restored.</returns>
    public RoundContribution? TrainRound(StepPosition at, int chunks, ReadOnlySpan<float> start, Func<bool> isAbandoned)
    {
        var rounds = new ShardRound[_trainers.Length];
        for (int shard = 0; shard < rounds.Length; shard++)
        {
            if (_trainers[shard].TrainRound(at, chunks, start, isAbandoned) is not { } result)
                return null;
            rounds[shard] = Contribute(result);
        }

        return new(rounds);
    }

    /// <summary>Reads the likely next chunk ahead.</summary>
    public void Prefetch(StepPosition last)
    {
        foreach (var shard in _shards)
            shard.Prefetch(last, reachesDevice: shard == _shards[0]);
    }

    /// <summary>What a shard gives to a round: its own memory, unchanged until the next ticket or assignment.</summary>
    private static ShardRound Contribute(RoundResult round) => new(
        GradientBuffer.Wrap(round.DifferenceSum), Wrap(round.Hidden), round.LossSums, round.Weights,
        new(round.OptimizerCount, [.. round.Averages.Select(Wrap)]), round.NotFinite);

    private static GradientBuffer Wrap(ReadOnlyMemory<float> own) => GradientBuffer.Wrap(MemoryMarshal.AsMemory(own));
}

using System.Runtime.InteropServices;
using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Rounds;

namespace Orleans.Tbptt.Grains.Trainers;

/// <summary>A trainer's work behind the grain: messages in, messages out, synchronous, on the trainer's thread.</summary>
internal sealed class ShardHost(ShardFactory factory)
{
    private OpenShard? _open;
    private LocalTrainer? _local;
    private string? _share;
    private float[] _gradient = [];
    private bool _isNarrow;

    /// <summary>Whether all calls have to come from the thread that <see cref="Assign"/> came from: libtorch's scopes belong to a thread.</summary>
    public bool IsBoundToThread => _open?.Shard.Replica.IsBoundToThread ?? true;

    /// <summary>Opens data and replica where there are none yet, and goes to the assignment's state.</summary>
    public TrainerReply Assign(ShardAssignment assignment)
    {
        // A trainer that a former coordinator left alive may have been given another share, or a spec that somebody has changed since.
        string share = $"{SpecHash.Of(assignment.Spec)} {assignment.FirstLane} {assignment.Lanes}";
        if (share != _share)
            Close();
        _open ??= factory.Open(assignment);
        _share = share;
        EnsureUnchanged(_open);
        var shard = _open.Shard;
        shard.Restore(assignment.Step, assignment.Hidden.Span);
        assignment.Hidden.Dispose();
        _isNarrow = assignment.Spec.Train.IsNarrow;
        if (assignment.Spec.Train.IsLocal)
            return RestoreLocal(shard, assignment);
        if (_gradient.Length != shard.Replica.Layout.Length)
            _gradient = new float[shard.Replica.Layout.Length];
        return Ready(shard);
    }

    /// <summary>Trains on one chunk.</summary>
    public TrainerReply Train(StepTicket ticket)
    {
        if (_open is not { } open)
            return Unassigned();
        if (ticket.Chunk == 0)
            EnsureUnchanged(open);
        if (!open.Shard.CanTrain(ticket.Step))
            return ElsewhereThan(ticket.Step, ticket.Generation);
        var (lossSum, weight) = open.Shard.TrainChunk(new(ticket.Step, ticket.Epoch, ticket.Chunk), ticket.Parameters.Span, _gradient, ticket.Parameters.IsRounded);
        ticket.Parameters.Dispose();

        // Memory of the trainer's own: it leaves it alone until the next ticket, and by then the coordinator has summed it up.
        return new Contribution(ticket.Step, GradientBuffer.Wrap(_gradient, _isNarrow), Wrap(open.Shard.Hidden), lossSum, weight);
    }

    /// <summary>Trains a round of local steps.</summary>
    /// <param name="ticket">The round.</param>
    /// <param name="isAbandoned">Whether nobody wants the round any more.</param>
    public TrainerReply TrainRound(RoundTicket ticket, Func<bool> isAbandoned)
    {
        if (_open is not { } open || _local is not { } local)
            return Unassigned();
        if (ticket.Chunk == 0)
            EnsureUnchanged(open);
        if (!local.CanTrain(ticket.Step))
            return ElsewhereThan(ticket.Step, ticket.Generation);
        var at = new StepPosition(ticket.Step, ticket.Epoch, ticket.Chunk);
        var round = local.TrainRound(at, ticket.Chunks, ticket.Parameters.Span, isAbandoned);
        ticket.Parameters.Dispose();
        if (round is not { } done)
            return new RoundGivenUp();

        // As with a step, the trainer leaves its memory alone until the next ticket, or until it is assigned anew.
        return new RoundContribution(
            ticket.Step, GradientBuffer.Wrap(done.DifferenceSum), Wrap(done.Hidden), done.LossSums, done.Weights,
            new(done.OptimizerCount, [.. done.Averages.Select(Wrap)]), done.NotFinite);
    }

    /// <summary>Reads the next chunk ahead of its ticket.</summary>
    /// <param name="last">The chunk that was trained on last.</param>
    public void Prefetch(StepPosition last) => _open?.Shard.Prefetch(last);

    /// <summary>Evaluates one chunk.</summary>
    public TrainerReply Evaluate(EvaluationTicket ticket)
    {
        if (_open is not { } open)
            return Unassigned();
        var (lossSum, weight) = open.Shard.EvaluateChunk(ticket.Chunk, ticket.Parameters.Span, ticket.Parameters.IsRounded);
        ticket.Parameters.Dispose();
        return new EvaluationResult(lossSum, weight);
    }

    /// <summary>Gives back replica and data.</summary>
    public void Close()
    {
        _open?.Dispose();
        (_open, _local) = (null, null);
    }

    private TrainerReady RestoreLocal(TrainerShard shard, ShardAssignment assignment)
    {
        var optimizer = assignment.Optimizer ?? throw new InvalidDataException("found no optimizer state in an assignment, expected that of a trainer that makes local steps");
        _local ??= new(assignment.Spec, shard);
        _local.Restore(assignment.Step, [.. optimizer.Averages.Select(average => (ReadOnlyMemory<float>)average.Memory)], optimizer.Count);
        optimizer.Release();
        return Ready(shard);
    }

    private TrainerReady Ready(TrainerShard shard) => new(factory.SiloName, shard.Replica.Device, factory.SiloAddress, shard.Replica.Engine);

    private static Refusal ElsewhereThan(long step, int generation) => new($"the trainer stands at another step than {step}", generation);

    private static GradientBuffer Wrap(ReadOnlyMemory<float> own) => GradientBuffer.Wrap(MemoryMarshal.AsMemory(own));

    /// <summary>Looks at the files at every epoch's start: data that change on the way would train on, plausibly, to another result.</summary>
    private static void EnsureUnchanged(OpenShard open)
    {
        if (open.Lease.FindChange() is { } change)
            throw new InvalidDataException(change);
    }

    /// <summary>What a trainer without lanes answers.</summary>
    public static Refusal Unassigned() => new("the trainer has no lanes: it was placed anew", 0);
}

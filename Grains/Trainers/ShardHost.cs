using Orleans.Tbptt.Grains.Hosting;
using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Training;

namespace Orleans.Tbptt.Grains.Trainers;

/// <summary>A trainer's work behind the grain: messages in, messages out, synchronous, on the trainer's thread.</summary>
internal sealed class ShardHost(ShardFactory factory)
{
    private OpenShard? _open;
    private float[] _gradient = [];

    /// <summary>Opens data and replica where there are none yet, and goes to the assignment's state.</summary>
    public TrainerReply Assign(ShardAssignment assignment)
    {
        _open ??= factory.Open(assignment);
        EnsureUnchanged(_open);
        var shard = _open.Shard;
        shard.Restore(assignment.Step, assignment.Hidden.Span);
        assignment.Hidden.Dispose();
        if (_gradient.Length == 0)
            _gradient = new float[shard.Replica.Layout.Length];
        return new TrainerReady(factory.SiloName, shard.Replica.Device, factory.SiloAddress);
    }

    /// <summary>Trains on one chunk.</summary>
    public TrainerReply Train(StepTicket ticket)
    {
        if (_open is not { } open)
            return Unassigned();
        if (ticket.Chunk == 0)
            EnsureUnchanged(open);
        if (!open.Shard.CanTrain(ticket.Step))
            return new Refusal($"the trainer stands at another step than {ticket.Step}", ticket.Generation);
        var (lossSum, weight) = open.Shard.TrainChunk(Position(ticket), ticket.Parameters.Span, _gradient);
        ticket.Parameters.Dispose();

        // Memory of the trainer's own: it leaves it alone until the next ticket, and by then the coordinator has summed it up.
        return new Contribution(
            ticket.Step, GradientBuffer.Wrap(_gradient), GradientBuffer.Wrap(System.Runtime.InteropServices.MemoryMarshal.AsMemory(open.Shard.Hidden)),
            lossSum, weight);
    }

    /// <summary>Reads the next chunk ahead of its ticket.</summary>
    public void Prefetch(StepTicket done) => _open?.Shard.Prefetch(Position(done));

    /// <summary>Evaluates one chunk.</summary>
    public TrainerReply Evaluate(EvaluationTicket ticket)
    {
        if (_open is not { } open)
            return Unassigned();
        var (lossSum, weight) = open.Shard.EvaluateChunk(ticket.Chunk, ticket.Parameters.Span);
        ticket.Parameters.Dispose();
        return new EvaluationResult(lossSum, weight);
    }

    /// <summary>Gives back replica and data.</summary>
    public void Close()
    {
        _open?.Dispose();
        _open = null;
    }

    /// <summary>Looks at the files at every epoch's start: data that change on the way would train on, plausibly, to another result.</summary>
    private static void EnsureUnchanged(OpenShard open)
    {
        if (open.Lease.FindChange() is { } change)
            throw new InvalidDataException(change);
    }

    private static Refusal Unassigned() => new("the trainer has no lanes: it was placed anew", 0);

    private static StepPosition Position(StepTicket ticket) => new(ticket.Step, ticket.Epoch, ticket.Chunk);
}

using System.Runtime.InteropServices;
using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Writing;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Replicas;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Trainers;

/// <summary>
/// A trainer's shards of a run with everything that it holds open: data, replica, and memory for what it contributes. Which shards they are
/// can change; data and replica stay open meanwhile.
/// </summary>
internal sealed class OpenShards : IDisposable
{
    private readonly RunSpec _spec;
    private readonly IReplica _replica;
    private readonly RunDataLease _lease;
    private readonly Action _giveBack;
    private readonly string _share;
    private ShardRange _range;
    private float[] _gradients = [];
    private NodeSums _sums = null!;

    /// <summary>Opens the shards of an assignment.</summary>
    /// <param name="assignment">What they are opened for.</param>
    /// <param name="replica">The network; owned.</param>
    /// <param name="lease">The data; owned.</param>
    /// <param name="giveBack">Gives the device back.</param>
    public OpenShards(ShardAssignment assignment, IReplica replica, RunDataLease lease, Action giveBack)
    {
        (_spec, _replica, _lease, _giveBack) = (assignment.Spec, replica, lease, giveBack);
        _share = Share(assignment);
        Shards = Divide(new(assignment.FirstShard, assignment.Shards));
    }

    /// <summary>Lanes and replica.</summary>
    public TrainerShards Shards { get; private set; }

    /// <summary>Trains the rounds of local steps; null where steps are synchronous.</summary>
    public LocalShards? Local { get; private set; }

    /// <summary>Where a step's gradients are put, <c>[shards][parameters]</c>.</summary>
    public Span<float> Gradients => _gradients;

    /// <summary>
    /// Whether an assignment is of this run as it is open: a trainer that a former coordinator left running may be given a spec that has
    /// been changed, or more of a file that has grown.
    /// </summary>
    public bool IsFor(ShardAssignment other) => Share(other) == _share;

    /// <summary>Takes an assignment's shards, and puts them at its state.</summary>
    /// <exception cref="InvalidDataException">The assignment does not hold what these shards need.</exception>
    public void Restore(ShardAssignment assignment)
    {
        var range = new ShardRange(assignment.FirstShard, assignment.Shards);
        if (range != _range)
            Shards = Divide(range);
        Shards.Restore(assignment.Step, assignment.Hidden.Span);
        Local?.Restore(assignment);
        assignment.Hidden.Dispose();
    }

    /// <summary>
    /// Checks the files, which is done at every epoch's start: training on changed data would silently give another result.
    /// </summary>
    /// <exception cref="InvalidDataException">One of them has changed; says which and how.</exception>
    public void EnsureUnchanged()
    {
        if (_lease.FindChange() is { } change)
            throw new InvalidDataException(change);
    }

    /// <summary>Reads the likely next chunk ahead.</summary>
    public void Prefetch(StepPosition last)
    {
        if (Local is { } local)
            local.Prefetch(last);
        else
            Shards.Prefetch(last);
    }

    /// <summary>
    /// What the shards give to a step, in the trainer's own memory: it is left unchanged until the next ticket, and by then the coordinator
    /// has summed it up.
    /// </summary>
    public Contribution Contribute(ReadOnlySpan<ShardLoss> losses)
    {
        var (lossSums, weights) = (new double[losses.Length], new double[losses.Length]);
        for (int shard = 0; shard < losses.Length; shard++)
            (lossSums[shard], weights[shard]) = (losses[shard].LossSum, losses[shard].Weight);
        _sums.AddUp();
        return new(
            [.. _sums.Nodes.Select((node, at) => GradientBuffer.Wrap(_sums[at], isNarrow: _spec.Train.IsNarrow && node.Count == 1))],
            Wrap(Shards.Hidden), lossSums, weights);
    }

    /// <summary>The largest gradient of each shard, of the chunk trained on last.</summary>
    public LargestGradients FindLargest()
    {
        int length = _replica.Layout.Length;
        return new([.. Enumerable.Range(0, Shards.Count).Select(shard => StepCommit.Largest(_gradients.AsSpan(shard * length, length)))
            .Select(one => new GradientExtreme(one.Value, one.At))]);
    }

    public void Dispose()
    {
        Shards.Dispose();
        _lease.Dispose();
        _giveBack();
    }

    private TrainerShards Divide(ShardRange range)
    {
        LaneBlock[] lanes = LaneBlock.Split(_spec.Data.BatchSize, _spec.Train.ShardCount)[range.First..(range.First + range.Count)];
        int length = _replica.Layout.Length;
        if ((long)range.Count * length > Array.MaxLength)
        {
            throw new InvalidDataException($"found {range.Count} shards of {length} parameters for one trainer, which has a gradient of "
                + $"each, expected {Array.MaxLength} numbers at most; use more trainers");
        }

        _range = range;
        _gradients = new float[_spec.Train.IsLocal ? 0 : range.Count * length];
        _sums = new(range, _spec.Train.ShardCount, _gradients);
        Local = _spec.Train.IsLocal ? new(_spec, _lease.Data, lanes, _replica) : null;
        return new(_spec, _lease.Data, lanes, _replica);
    }

    private static string Share(ShardAssignment assignment) => $"{SpecHash.Of(assignment.Spec)} {assignment.Spec.Train.ShardCount} "
        + $"{assignment.Spec.Train.Threads} "
        + $"{PreparedRun.EndOf(assignment.Spec, assignment.Files)}";

    private static GradientBuffer Wrap(ReadOnlyMemory<float> own) => GradientBuffer.Wrap(MemoryMarshal.AsMemory(own));
}

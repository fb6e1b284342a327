using System.Runtime.InteropServices;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Training.Steps;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Specs.Writing;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Rounds;

namespace Orleans.Tbptt.Grains.Trainers;

/// <summary>A trainer's share of a run with everything that it holds open: data, replica, and memory for what it contributes.</summary>
/// <param name="assignment">What it was opened for.</param>
/// <param name="shard">Lanes and replica; owned.</param>
/// <param name="lease">The data; owned.</param>
/// <param name="giveBack">Gives the device back.</param>
internal sealed class OpenShard(ShardAssignment assignment, TrainerShard shard, RunDataLease lease, Action giveBack) : IDisposable
{
    private readonly string _share = Share(assignment);
    private readonly float[] _gradient = new float[assignment.Spec.Train.IsLocal ? 0 : shard.Replica.Layout.Length];
    private readonly bool _isNarrow = assignment.Spec.Train.IsNarrow;

    /// <summary>Lanes and replica.</summary>
    public TrainerShard Shard => shard;

    /// <summary>Trains the rounds of local steps; null where steps are synchronous.</summary>
    public LocalTrainer? Local { get; } = assignment.Spec.Train.IsLocal ? new(assignment.Spec, shard) : null;

    /// <summary>Where a step's gradient is put.</summary>
    public Span<float> Gradient => _gradient;

    /// <summary>
    /// Whether an assignment is for this share: a trainer that a former coordinator left running may be given another one, a spec that
    /// has been changed, or more of a file that has grown.
    /// </summary>
    public bool IsFor(ShardAssignment other) => Share(other) == _share;

    /// <summary>Puts the share at an assignment's state.</summary>
    /// <exception cref="InvalidDataException">The assignment does not hold what this share needs.</exception>
    public void Restore(ShardAssignment assignment)
    {
        shard.Restore(assignment.Step, assignment.Hidden.Span);
        assignment.Hidden.Dispose();
        if (Local is null)
            return;
        var optimizer = assignment.Optimizer
            ?? throw new InvalidDataException(
                "found no optimizer state in an assignment, expected that of a trainer that makes local steps");
        Local.Restore(assignment.Step, [.. optimizer.Averages.Select(average => (ReadOnlyMemory<float>)average.Memory)], optimizer.Count);
        optimizer.Release();
    }

    /// <summary>
    /// Checks the files, which is done at every epoch's start: training on changed data would silently give another result.
    /// </summary>
    /// <exception cref="InvalidDataException">One of them has changed; says which and how.</exception>
    public void EnsureUnchanged()
    {
        if (lease.FindChange() is { } change)
            throw new InvalidDataException(change);
    }

    /// <summary>
    /// What the share gives to a step, in the share's own memory: it is left unchanged until the next ticket, and by then the coordinator
    /// has summed it up.
    /// </summary>
    public Contribution Contribute(double lossSum, double weight) =>
        new(GradientBuffer.Wrap(_gradient, _isNarrow), Wrap(shard.Hidden), lossSum, weight);

    /// <summary>What the share gives to a round: its own memory, unchanged until the next ticket or assignment.</summary>
    public static RoundContribution Contribute(RoundResult round) => new(
        GradientBuffer.Wrap(round.DifferenceSum), Wrap(round.Hidden), round.LossSums, round.Weights,
        new(round.OptimizerCount, [.. round.Averages.Select(Wrap)]), round.NotFinite);

    public void Dispose()
    {
        shard.Dispose();
        lease.Dispose();
        giveBack();
    }

    private static string Share(ShardAssignment assignment) => $"{SpecHash.Of(assignment.Spec)} {assignment.FirstLane} {assignment.Lanes} "
        + $"{PreparedRun.EndOf(assignment.Spec, assignment.Files)}";

    private static GradientBuffer Wrap(ReadOnlyMemory<float> own) => GradientBuffer.Wrap(MemoryMarshal.AsMemory(own));
}

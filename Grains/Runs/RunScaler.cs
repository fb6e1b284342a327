using Orleans.Tbptt.Grains.Progress;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Grains.Runs;

/// <summary>
/// Scales a run while it is trained: asks again and again how many trainers it had better have, and has it resized. Which step that comes
/// after changes no bit, because gradients are summed by shards.
/// </summary>
/// <remarks>Runs on the coordinator's scheduler, behind the steps.</remarks>
/// <param name="services">What the coordinator works with.</param>
/// <param name="spec">The run's spec, with <c>train.autoscale</c>.</param>
/// <param name="run">The run.</param>
/// <param name="control">What is wanted of it.</param>
internal sealed class RunScaler(RunServices services, RunSpec spec, RunProgress run, RunControl control)
{
    /// <summary>After a resize that failed the next one is tried so many looks later: the cause may last.</summary>
    private const int LooksAfterFailure = 30;

    private readonly AutoscaleSpec _scale = spec.Train.Autoscale!;
    private readonly ISlotQueueGrain _queue = services.Grains.GetGrain<ISlotQueueGrain>(0);
    private ResizeWish? _wish;
    private int _waits;

    /// <summary>Scales the run until it is left.</summary>
    public async Task Scale(CancellationToken left)
    {
        while (!left.IsCancellationRequested)
        {
            if (_wish is { Done.IsCompleted: true } done)
                await Finish(done);
            if (run.Snapshot() is { State: RunState.Running, Trainers.Count: > 0 } status)
                await Look(status);
            var pause = Task.Delay(services.ScalePeriod, services.Time, left);
            await Task.WhenAny(pause, _wish?.Done ?? pause);
        }
    }

    private async Task Finish(ResizeWish done)
    {
        string problem = await done.Done;
        _wish = null;

        // From here on the trainers themselves say what the run holds.
        _queue.Withdraw(run.Run).Ignore();
        if (problem.Length == 0)
            return;
        _waits = LooksAfterFailure;
        run.Warn($"the run cannot be scaled, and continues with the trainers that it has: {problem}");
    }

    /// <summary>
    /// Asks also while a wish is carried out or none may be made: the queue expects no slots back from a run that does not ask.
    /// </summary>
    private async Task Look(RunStatus status)
    {
        try
        {
            int trainers = status.Trainers.Count;
            var reply = await _queue.Scale(new(ResizeCheck.RequestOf(status, spec, trainers), _scale.Min, _scale.Max));
            if (_wish is null && _waits-- <= 0 && reply.Trainers != trainers)
                _wish = control.Resize(reply.Trainers, reply.Reason);
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            // The next look may find the queue.
        }
    }
}

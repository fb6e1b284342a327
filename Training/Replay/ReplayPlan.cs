using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Replay;

/// <summary>Which steps of a run have a state, found without computing any.</summary>
/// <param name="run">The run.</param>
/// <param name="spec">Its spec, every size known.</param>
/// <param name="data">Its data.</param>
/// <param name="fork">Which state of which run it began with; null where it began with its own.</param>
internal sealed class ReplayPlan(RunId run, RunSpec spec, IDataSource data, RunFork? fork)
{
    private readonly EpochPlans _plans = new(spec, data);

    /// <summary>The first state that the run had.</summary>
    public long FirstStep => fork?.Step ?? Origin;

    /// <summary>The step with which the first epoch begins; a run that was forked began later, within or behind it.</summary>
    private long Origin => spec.Extends?.Step ?? 0;

    /// <summary>The chunks of an epoch, which is counted from 0.</summary>
    public ChunkPlan Of(int epoch) => _plans.Training(epoch);

    /// <summary>Chunks of an epoch, which is counted from 0.</summary>
    public long ChunksOf(int epoch) => Of(epoch).Steps;

    /// <summary>The step with which an epoch, counted from 0, ends.</summary>
    public long EndOf(int epoch)
    {
        long step = Origin;
        for (int i = 0; i <= epoch; i++)
            step += ChunksOf(i);
        return step;
    }

    /// <summary>Refuses a step before the run's first state.</summary>
    /// <exception cref="ReplayException">It is one.</exception>
    public void EnsureOwn(long step)
    {
        if (step < FirstStep)
        {
            throw new ReplayException(step < 0 ? $"step: found {step}, expected 0 or more"
                : $"step: found {step}, expected {FirstStep} or more: run {run} begins there, with a state "
                    + $"of run {fork?.Run ?? Path.GetFileName(spec.Extends!.Run)}, which has the steps before");
        }
    }

    /// <summary>Refuses a step within a round, of which there is no state, and one behind the last epoch.</summary>
    /// <param name="step">The step.</param>
    /// <param name="from">A state before it.</param>
    /// <exception cref="ReplayException">It is one; names the steps next to it that have a state.</exception>
    public void EnsureState(long step, StepPosition from)
    {
        var (at, epoch, chunk) = from;
        while (at < step)
        {
            long chunks = epoch < spec.Train.Epochs ? ChunksOf(epoch) : throw Behind(step);
            if (chunk >= chunks)
            {
                (epoch, chunk) = (epoch + 1, 0);
                continue;
            }

            // Steps one by one need no look at each.
            long steps = spec.Train.IsLocal ? spec.Train.Sync.RoundAt(chunk, chunks) : Math.Min(step - at, chunks - chunk);
            if (at + steps > step)
            {
                throw new ReplayException($"step: found {step}, which is within a round of local steps of run {run}, in which each "
                    + $"shard has parameters of its own and the run no state, expected {at} or {at + steps}, where rounds end");
            }

            (at, chunk) = (at + steps, chunk + steps);
        }
    }

    /// <summary>That a step lies behind the run's last epoch.</summary>
    private ReplayException Behind(long step) => new($"step: found {step}, expected one that run {run} has: the "
        + $"{(spec.Train.Epochs == 1 ? "epoch" : $"{spec.Train.Epochs} epochs")} of its spec end with step {EndOf(spec.Train.Epochs - 1)}");
}

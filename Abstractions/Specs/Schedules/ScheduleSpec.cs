using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Specs.Schedules;

/// <summary>
/// How the learning rate changes from step to step: a pure function of the spec, the step, and the losses of the epochs that are finished,
/// which belong to the committed state: a resumed run has nothing else to restore.
/// </summary>
public abstract record ScheduleSpec : Choice
{
    /// <summary>
    /// Steps in which the rate rises in a straight line to the first one of the schedule, which begins after them: step t of w has the
    /// share (t + 1) / (w + 1) of it. Default 0.
    /// </summary>
    public int Warmup { get; init; }

    /// <summary>The learning rate of a step.</summary>
    /// <param name="lr">The optimizer's rate.</param>
    /// <param name="step">Committed steps before it, from 0.</param>
    /// <param name="losses">
    /// The losses of the epochs finished before it: of validation, or of training where nothing is held out.
    /// </param>
    public double At(double lr, long step, IReadOnlyList<double> losses)
    {
        double rate = Base(lr, losses);
        return step < Warmup ? After(rate, 0) * ((step + 1.0) / (Warmup + 1.0)) : After(rate, step - Warmup);
    }

    /// <summary>Whether the rate depends on the losses of finished epochs.</summary>
    public virtual bool DependsOnLosses => false;

    /// <summary>What the losses of finished epochs leave of the optimizer's rate.</summary>
    /// <param name="lr">The optimizer's rate.</param>
    /// <param name="losses">The losses, in order of epoch.</param>
    protected virtual double Base(double lr, IReadOnlyList<double> losses) => lr;

    /// <summary>The learning rate of a step after the warmup.</summary>
    /// <param name="lr">The optimizer's rate.</param>
    /// <param name="step">Steps since the warmup, from 0.</param>
    protected abstract double After(double lr, long step);

    /// <inheritdoc/>
    public sealed override Choice Walk(SpecWalk walk)
    {
        var own = WalkOwn(walk);
        return own with { Warmup =
            walk.Count("warmup", own.Warmup, "steps in which the rate rises from 0 to the schedule's first one", min: 0) };
    }

    /// <summary>Passes the keys that come before the warmup.</summary>
    protected virtual ScheduleSpec WalkOwn(SpecWalk walk) => this;

    /// <summary>A key that says after how many steps a schedule has reached its end.</summary>
    protected static int Length(SpecWalk walk, int steps) =>
        walk.Count("steps", steps, "steps until the last rate is reached, which holds from then on; the warmup does not count",
            required: true);
}

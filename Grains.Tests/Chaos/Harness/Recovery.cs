using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Tests.Chaos.Harness;

/// <summary>A fault, done by a test.</summary>
/// <param name="Fault">In words.</param>
/// <param name="At">The moment before it was done.</param>
/// <param name="Done">The moment after it was done: to cut several wires takes a while.</param>
internal sealed record Strike(string Fault, DateTimeOffset At, DateTimeOffset Done)
{
    /// <summary>Does harm, and notes when it was done.</summary>
    public static Strike With(string fault, Action act)
    {
        var at = TimeProvider.System.GetUtcNow();
        act();
        return new(fault, at, TimeProvider.System.GetUtcNow());
    }
}

/// <summary>What a fault cost a run.</summary>
/// <param name="Seconds">From the fault to the next committed step that was not committed before; null when none came.</param>
/// <param name="StepsRepeated">Steps that were computed again: tickets that were sent twice, and steps committed before that were trained
/// again.</param>
/// <param name="Disturbed">Whether the run took notice: a newer generation began after the fault.</param>
internal sealed record Recovery(double? Seconds, long StepsRepeated, bool Disturbed)
{
    /// <summary>Reads it from the run's events.</summary>
    /// <remarks>
    /// A step whose contributions were all in already is committed whatever is killed: where the run took a newer generation, the step that
    /// counts is the first new one of it.
    /// </remarks>
    public static Recovery Of(Strike strike, IReadOnlyList<RunEvent> events)
    {
        var before = events.Where(one => one.Time <= strike.At).ToArray();
        var after = events.Skip(before.Length).ToArray();
        int generation = before.LastOrDefault()?.Generation ?? 0;
        var steps = after.OfType<StepCommitted>().ToArray();
        var next = steps.FirstOrDefault(step => step.Generation > generation) ?? steps.FirstOrDefault();
        bool disturbed = next?.Generation > generation;
        var lost = after.TakeWhile(one => one != next).Where(one => disturbed && one.Generation > generation);
        return new(next is null ? null : (next.Time - strike.At).TotalSeconds, lost.Sum(one => Repeated(one, events)), disturbed);
    }

    /// <summary>The steps that were computed again over the whole run.</summary>
    public static long AllRepeated(IReadOnlyList<RunEvent> events) => events.Sum(one => Repeated(one, events));

    private static long Repeated(RunEvent one, IReadOnlyList<RunEvent> events) => one switch
    {
        TrainersRecovered recovered => recovered.Steps ?? 1,
        RunStarted started => Math.Max(
            0, events.TakeWhile(other => other != one).OfType<StepCommitted>().Select(step => step.Step).DefaultIfEmpty().Max()
                - started.Step),
        _ => 0,
    };
}

using Orleans.Tbptt.Journals;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Training.Replay;

/// <summary>Steps that a run has published, found in its journal without reading all of those before them.</summary>
/// <remarks>
/// They are found by their numbers alone: <c>metrics.every</c> may change when a run is resumed, so that nothing says how many events
/// there are before a step.
/// </remarks>
public static class PublishedSteps
{
    /// <summary>Events that are read to see which step comes next.</summary>
    private const int Few = 100;

    /// <summary>The steps of a range that are in the journal, in order.</summary>
    /// <param name="run">The run.</param>
    /// <param name="from">The first step, from 1.</param>
    /// <param name="to">The last step.</param>
    /// <exception cref="IOException">The journal cannot be read, or lacks events that may be those of the range.</exception>
    public static IReadOnlyList<StepCommitted> Between(RunDirectory run, long from, long to) =>
        [.. From(run, from).TakeWhile(step => step.Step <= to)];

    /// <summary>Those from a step on that are in the journal, in order, as long as somebody asks for the next.</summary>
    /// <inheritdoc cref="Between"/>
    public static IEnumerable<StepCommitted> From(RunDirectory run, long from)
    {
        ArgumentNullException.ThrowIfNull(run);
        return Read(new(run.Metrics), from);
    }

    private static IEnumerable<StepCommitted> Read(JournalReader journal, long from)
    {
        long after = EventBefore(journal, from);
        while (journal.Read(after, JournalReader.Page) is { Lines.Count: > 0 } page)
        {
            if (page.HasMore && page.Lines is [var lost] && RunJson.ReadEventOrNull(lost) is RunWarning missing)
                throw new IOException(missing.Message);
            foreach (var step in Steps(page).Where(step => step.Step >= from))
                yield return step;
            after = page.Last;
        }
    }

    /// <summary>
    /// The number of an event before a step, or before where it would be, and less than about a page before it: in strides that double,
    /// then by halves. A step is in the journal once, and they are in order.
    /// </summary>
    private static long EventBefore(JournalReader journal, long step)
    {
        long low = 0, high = long.MaxValue, stride = JournalReader.Page;
        while (high - low > JournalReader.Page)
        {
            long middle = high == long.MaxValue ? low + stride : low + ((high - low) / 2);
            stride *= 2;
            if (Next(journal, middle) is { } next && next.Step <= step)
                low = next.After;
            else
                high = middle;
        }

        return low;
    }

    /// <summary>The first step after an event, and the number of an event shortly before it; null where there is none.</summary>
    private static (long After, long Step)? Next(JournalReader journal, long after)
    {
        while (journal.Read(after, Few) is { Lines.Count: > 0 } page)
        {
            if (Steps(page).FirstOrDefault() is { } step)
                return (after, step.Step);
            after = page.Last;
        }

        return null;
    }

    private static IEnumerable<StepCommitted> Steps(EventPage page) =>
        page.Lines.Where(RunJson.IsStep).Select(RunJson.ReadEventOrNull).OfType<StepCommitted>();
}

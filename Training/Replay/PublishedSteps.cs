using Orleans.Tbptt.Journals;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Training.Replay;

/// <summary>Steps that a run has published, found in its journal without reading those before them.</summary>
public static class PublishedSteps
{
    /// <summary>The steps of a range that are in the journal, in order.</summary>
    /// <param name="run">The run.</param>
    /// <param name="firstStep">The first state of the run: <see cref="RunReplay.FirstStep"/>.</param>
    /// <param name="every">Of how many steps the journal keeps one: <c>metrics.every</c>.</param>
    /// <param name="from">The first step, from 1.</param>
    /// <param name="to">The last step.</param>
    /// <exception cref="IOException">The journal cannot be read.</exception>
    public static IReadOnlyList<StepCommitted> Between(RunDirectory run, long firstStep, int every, long from, long to)
    {
        ArgumentNullException.ThrowIfNull(run);
        var journal = new JournalReader(run.Metrics);
        var found = new List<StepCommitted>();

        // Steps are numbered events like all others: that of a step has a number at least as large as so many steps before it are kept.
        long after = Math.Max(0, ((from - firstStep) / every) - 2);
        while (journal.Read(after, JournalReader.Page) is { Lines.Count: > 0 } page)
        {
            foreach (var step in page.Lines.Where(RunJson.IsStep).Select(RunJson.ReadEventOrNull).OfType<StepCommitted>())
            {
                if (step.Step > to)
                    return found;
                if (step.Step >= from)
                    found.Add(step);
            }

            after = page.Last;
        }

        return found;
    }

    /// <summary>One step; null where the journal does not have it.</summary>
    /// <inheritdoc cref="Between"/>
    public static StepCommitted? Find(RunDirectory run, long firstStep, int every, long step) =>
        Between(run, firstStep, every, step, step) is [var found, ..] ? found : null;
}

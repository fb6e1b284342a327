using Orleans.Tbptt.Journals;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Training.Verifying;

/// <summary>The steps that a run has published.</summary>
internal static class JournalSteps
{
    /// <summary>Those behind a step, in order, as long as somebody asks for the next.</summary>
    /// <param name="run">The run.</param>
    /// <param name="after">The step.</param>
    /// <exception cref="IOException">The journal cannot be read, or lacks events.</exception>
    public static IEnumerable<StepCommitted> After(RunDirectory run, long after)
    {
        var journal = new JournalReader(run.Metrics);
        for (var page = journal.Read(0, JournalReader.Page); page.Lines.Count > 0; page = journal.Read(page.Last, JournalReader.Page))
        {
            if (page.HasMore && page.Lines is [var lost] && RunJson.ReadEventOrNull(lost) is RunWarning missing)
                throw new IOException(missing.Message);
            foreach (var step in page.Lines.Where(RunJson.IsStep).Select(RunJson.ReadEventOrNull).OfType<StepCommitted>())
            {
                if (step.Step > after)
                    yield return step;
            }
        }
    }
}

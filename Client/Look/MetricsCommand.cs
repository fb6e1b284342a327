using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Export;
using Orleans.Tbptt.Client.Tables;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Look;

/// <summary>
/// <c>tbptt metrics</c>: every event of a run's journal as one line, byte for byte as the run published it; or its steps as a table.
/// </summary>
internal static class MetricsCommand
{
    /// <summary>Writes the events.</summary>
    /// <exception cref="ClientException">There is no such run, or the cluster cannot be reached.</exception>
    public static async Task<int> RunAsync(ConsoleContext context, ClusterSelection cluster, string name, bool csv)
    {
        await using var journal = await RunJournal.FindAsync(context, cluster, name);
        if (csv)
            await WriteStepsAsync(context, journal);
        else
            await WriteLinesAsync(context, journal);
        context.Terminal.Out.Flush();
        return ExitCode.Completed;
    }

    private static async Task WriteLinesAsync(ConsoleContext context, RunJournal journal)
    {
        await foreach (var page in journal.PagesAsync())
        {
            if (context.Terminal.HasLostItsReader())
                return;
            foreach (string line in page.Lines)
                context.Terminal.Out.WriteLine(line);
        }
    }

    private static async Task WriteStepsAsync(ConsoleContext context, RunJournal journal)
    {
        using var table = new CsvTable<StepCommitted>(context.Terminal.Out, EventColumns.Steps, leaveOpen: true);
        await foreach (var one in journal.EventsAsync(context.Terminal.Error.WriteLine))
        {
            if (one is StepCommitted step)
                table.Add(step);
            if (context.Terminal.HasLostItsReader())
                return;
        }
    }
}

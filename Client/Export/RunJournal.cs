using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Runs;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Journals;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Export;

/// <summary>All events of a run up to now, from its directory or from a cluster.</summary>
internal sealed class RunJournal : IAsyncDisposable
{
    private readonly Func<long, Task<EventPage>> _read;
    private readonly FoundRun? _onCluster;

    private RunJournal(RunId id, Func<long, Task<EventPage>> read, FoundRun? onCluster) => (Id, _read, _onCluster) = (id, read, onCluster);

    /// <summary>The run.</summary>
    public RunId Id { get; }

    /// <summary>Finds a run.</summary>
    /// <exception cref="ClientException">There is no such run, or the cluster cannot be reached.</exception>
    public static async Task<RunJournal> FindAsync(ConsoleContext context, ClusterSelection cluster, string name)
    {
        if (!cluster.IsNamed)
        {
            var directory = new RunFiles(cluster.Runs, context.Time).Find(name).Directory;
            var journal = new JournalReader(directory.Metrics);
            return new(directory.Id, after => Task.FromResult(journal.Read(after, JournalReader.Page)), null);
        }

        var run = await context.Clusters.FindAsync(cluster, name, CancellationToken.None);
        return new(
            run.Id, after => run.Runs.ReadEventsAsync(run.Id, after, context.Limits.Page).WaitAsync(context.Limits.Answer), run);
    }

    /// <summary>The events as lines, page by page, byte for byte as the run published them.</summary>
    public async IAsyncEnumerable<EventPage> PagesAsync()
    {
        for (var page = await _read(0); page.Lines.Count > 0; page = await _read(page.Last))
            yield return page;
    }

    /// <summary>The events, in order, without those of a kind that this program does not know.</summary>
    /// <param name="warn">Receives what is wrong with segments that cannot be read.</param>
    public async IAsyncEnumerable<RunEvent> EventsAsync(Action<string> warn)
    {
        await foreach (var page in PagesAsync())
        {
            foreach (var one in page.Lines.Select(RunJson.ReadEventOrNull).OfType<RunEvent>())
            {
                // Where a segment is lost, the page has a warning in the place of its events.
                if (page.HasMore && one is RunWarning warning)
                    warn(Text.OneLine(warning.Message));
                yield return one;
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _onCluster?.DisposeAsync() ?? ValueTask.CompletedTask;
}

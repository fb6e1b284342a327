using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Tests.Chaos.Harness;

/// <summary>Watches a run as a client does: through its coordinator, wherever that lives, asking again from the last event seen.</summary>
/// <param name="cluster">The cluster.</param>
/// <param name="run">The run.</param>
internal sealed class RunWatch(ChaosCluster cluster, RunId run)
{
    private const int Page = 1000;

    /// <summary>How often a question was not answered.</summary>
    public int Broken { get; private set; }

    /// <summary>Reads to the last event of a run that ends for good.</summary>
    /// <returns>Every line, in the order in which it came.</returns>
    public async Task<IReadOnlyList<string>> ToTheEndAsync()
    {
        List<string> lines = [];
        while (true)
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            try
            {
                var page = await cluster.Coordinator(run).ReadEvents(lines.Count, Page);
                lines.AddRange(page.Lines);
                if (page.Lines.Count > 0 && RunJson.ReadEvent(page.Lines[^1]) is RunEnded)
                    return lines;
            }
            catch (Exception e) when (e is OrleansException or TimeoutException)
            {
                Broken++;
            }
        }
    }
}

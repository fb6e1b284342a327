using System.Collections.Concurrent;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Grains.Threads;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Grains.Forks;

/// <summary>
/// The forks that this silo is making, each on a thread of its own. A client asks again when its patience is at its end: the same request
/// waits for the same work.
/// </summary>
internal sealed class RunForks(RunForker forker)
{
    private readonly ConcurrentDictionary<RunId, Lazy<Task<(RunBirth Birth, IReadOnlyList<SpecProblem> Problems)>>> _underWay = new();

    /// <summary>Makes a fork, or waits for the one that is being made under the id.</summary>
    public async Task<(RunBirth Birth, IReadOnlyList<SpecProblem> Problems)> Fork(ForkRequest request)
    {
        var work = _underWay.GetOrAdd(request.Run, _ => new(() => Work(request)));
        try
        {
            return await work.Value;
        }
        finally
        {
            _underWay.TryRemove(new(request.Run, work));
        }
    }

    private async Task<(RunBirth Birth, IReadOnlyList<SpecProblem> Problems)> Work(ForkRequest request)
    {
        using var worker = new WorkerThread($"fork {request.Run}");
        return await worker.Run(() => forker.Fork(request));
    }
}

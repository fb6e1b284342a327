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
    private readonly ConcurrentDictionary<RunId, UnderWay> _underWay = new();

    /// <summary>Makes a fork, or waits for the one that is being made under the id.</summary>
    public async Task<(RunBirth Birth, IReadOnlyList<SpecProblem> Problems)> Fork(ForkRequest request)
    {
        while (true)
        {
            var fork = _underWay.GetOrAdd(request.Run, _ => new(request, new(() => Work(request))));
            try
            {
                var made = await fork.Work.Value;
                if (IsSame(fork.Request, request))
                    return made;

                // Of another fork the forker says that the id is taken, once that one is made.
            }
            catch when (!IsSame(fork.Request, request))
            {
                // The failure of another request is not this one's.
            }
            finally
            {
                _underWay.TryRemove(new(request.Run, fork));
            }
        }
    }

    private static bool IsSame(ForkRequest one, ForkRequest other) =>
        (one.Parent, one.Step, one.Sweep) == (other.Parent, other.Step, other.Sweep) && one.Sets.SequenceEqual(other.Sets);

    private async Task<(RunBirth Birth, IReadOnlyList<SpecProblem> Problems)> Work(ForkRequest request)
    {
        using var worker = new WorkerThread($"fork {request.Run}");
        return await worker.Run(() => forker.Fork(request));
    }

    /// <summary>A fork that is being made.</summary>
    private sealed record UnderWay(
        ForkRequest Request, Lazy<Task<(RunBirth Birth, IReadOnlyList<SpecProblem> Problems)>> Work);
}

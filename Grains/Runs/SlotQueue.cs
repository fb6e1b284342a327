using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Runs;

/// <summary>
/// Who goes next: the run of highest priority, of those the one that was submitted first. It begins when as many slots are free as it has
/// trainers; nobody overtakes it meanwhile, so that a large run is not starved by small ones.
/// </summary>
/// <remarks>
/// What is in use is what the silos say; this object remembers only who waits and who was let go a moment ago, and a new one learns both
/// from those who ask. Slots are a measure, not a fence: a run with more trainers than the cluster has slots begins when it has the cluster
/// to itself, and a running run whose silo died continues with more trainers on a silo than it has slots.
/// </remarks>
internal sealed class SlotQueue(TimeProvider time)
{
    /// <summary>Who has not asked for this long waits no longer.</summary>
    internal static readonly TimeSpan Silence = TimeSpan.FromSeconds(5);

    /// <summary>How long slots are kept for a run whose trainers are still to come, and whose coordinator says no more.</summary>
    internal static readonly TimeSpan Reserve = TimeSpan.FromSeconds(30);

    private readonly Dictionary<RunId, (SlotRequest Request, long Asked)> _waiting = [];
    private readonly Dictionary<RunId, (int Trainers, long Granted)> _granted = [];

    /// <summary>Answers a run, by the silos as they are now.</summary>
    public SlotReply Ask(SlotRequest request, IReadOnlyList<SiloReport> silos)
    {
        var held = silos.SelectMany(silo => silo.Trainers).GroupBy(trainer => trainer.Run).ToDictionary(run => run.Key, run => run.Count());
        Forget(held);

        // It has its slots already: its coordinator is a new one.
        if (held.ContainsKey(request.Run))
            return Grant(request);

        _waiting[request.Run] = (request, time.GetTimestamp());
        var first = _waiting.Values.Select(waiting => waiting.Request)
            .OrderByDescending(waiting => waiting.Priority).ThenBy(waiting => waiting.SubmittedAt)
                .ThenBy(waiting => waiting.Run.Text, StringComparer.Ordinal).ToList();
        int position = first.FindIndex(waiting => waiting.Run == request.Run);
        int all = silos.Where(silo => !silo.Draining).Sum(silo => silo.Slots);
        int reserved = _granted.Sum(run => Math.Max(0, run.Value.Trainers - held.GetValueOrDefault(run.Key)));
        int free = silos.Sum(silo => silo.FreeSlots) - reserved;
        int needed = Math.Min(request.Trainers, all);
        if (position == 0 && all > 0 && needed <= free)
            return Grant(request);
        return new(false, position, all == 0
            ? "waits for a silo that offers slots"
            : $"waits for {needed} free {(needed == 1 ? "slot" : "slots")} of {all}, {Math.Max(0, free)} " +
                $"free{(position == 0 ? "" : $", behind {position} other {(position == 1 ? "run" : "runs")}")}");
    }

    /// <summary>A run wants no slots any more, or its trainers have them.</summary>
    public void Withdraw(RunId run)
    {
        _waiting.Remove(run);
        _granted.Remove(run);
    }

    private SlotReply Grant(SlotRequest request)
    {
        _waiting.Remove(request.Run);
        _granted[request.Run] = (request.Trainers, time.GetTimestamp());
        return new(true, 0, "");
    }

    private void Forget(Dictionary<RunId, int> held)
    {
        foreach (var (run, waiting) in _waiting.ToList())
        {
            if (time.GetElapsedTime(waiting.Asked) > Silence)
                _waiting.Remove(run);
        }

        foreach (var (run, grant) in _granted.ToList())
        {
            if (held.GetValueOrDefault(run) >= grant.Trainers || time.GetElapsedTime(grant.Granted) > Reserve)
                _granted.Remove(run);
        }
    }
}

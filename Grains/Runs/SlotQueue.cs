using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Grains.Runs;

/// <summary>
/// Who goes next: the run of highest priority, of those the one that was submitted first. It begins when as many slots are free as its
/// trainers take; nobody overtakes it meanwhile, so that a large run is not starved by small ones.
/// </summary>
/// <remarks>
/// What is in use is what the silos say; this object remembers only who waits and who was let go a moment ago, and a new one learns both
/// from those who ask. Slots are a measure, not a fence: a run with more trainers than the cluster has slots begins when it has the cluster
/// to itself, and a running run whose silo died continues with more trainers on a silo than it has slots.
/// </remarks>
internal sealed partial class SlotQueue(TimeProvider time)
{
    /// <summary>Who has not asked for this long waits no longer.</summary>
    internal static readonly TimeSpan Silence = TimeSpan.FromSeconds(5);

    /// <summary>How long slots are kept for a run whose trainers are still to come, and whose coordinator says no more.</summary>
    internal static readonly TimeSpan Reserve = TimeSpan.FromSeconds(30);

    private readonly Dictionary<RunId, (SlotRequest Request, long Asked)> _waiting = [];
    private readonly Dictionary<RunId, (int Slots, long Granted)> _granted = [];

    /// <summary>Answers a run, by the silos as they are now.</summary>
    public SlotReply Ask(SlotRequest request, IReadOnlyList<SiloReport> silos)
    {
        var slots = Count(silos, request.SlotsEach);

        // It has its slots already: its coordinator is a new one.
        if (slots.Held.ContainsKey(request.Run))
            return Grant(request);

        _waiting[request.Run] = (request, time.GetTimestamp());
        var first = Waiting();
        int position = first.FindIndex(waiting => waiting.Run == request.Run);
        int needed = Math.Min(request.Slots, slots.All);
        if (position == 0 && slots.All > 0 && needed <= slots.Free)
            return Grant(request);
        return new(false, position, slots.All == 0
            ? $"waits for a silo that offers slots{(request.Kind == DeviceKind.Cuda.Word ? " on a GPU" : "")}"
            : $"waits for {needed} free {(needed == 1 ? "slot" : "slots")} of {slots.All}, {Math.Max(0, slots.Free)} " +
                $"free{(position == 0 ? "" : $", behind {position} other {(position == 1 ? "run" : "runs")}")}");
    }

    /// <summary>
    /// Answers a run that has slots and wants more, for as many trainers as the request says in all: it does not wait, nor overtake a run
    /// that waits and has as high a priority. With the cluster to itself it may have more trainers than there are slots.
    /// </summary>
    public SlotReply Grow(SlotRequest request, IReadOnlyList<SiloReport> silos)
    {
        _granted.Remove(request.Run);
        var slots = Count(silos, request.SlotsEach);
        int further = request.Slots - slots.Held.GetValueOrDefault(request.Run);
        bool isAlone = slots.Held.Keys.All(run => run == request.Run) && _granted.Count == 0;
        int before = Waiting().Count(waiting => waiting.Run != request.Run && waiting.Priority >= request.Priority);
        if (further <= 0 || (before == 0 && (isAlone || further <= slots.Free)))
            return Grant(request);
        string wanted = $"{further} further {(further == 1 ? "slot" : "slots")} of {slots.All}";
        return new(false, before, before > 0
            ? $"found {before} {(before == 1 ? "run" : "runs")} waiting for slots, expected none before {wanted} "
                + $"{(further == 1 ? "is" : "are")} taken"
            : $"found {Math.Max(0, slots.Free)} free, expected {wanted}");
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
        _granted[request.Run] = (request.Slots, time.GetTimestamp());
        return new(true, 0, "");
    }

    /// <summary>The runs that wait, who goes next first.</summary>
    private List<SlotRequest> Waiting() => _waiting.Values.Select(waiting => waiting.Request)
        .OrderByDescending(waiting => waiting.Priority).ThenBy(waiting => waiting.SubmittedAt)
        .ThenBy(waiting => waiting.Run.Text, StringComparer.Ordinal).ToList();

    /// <summary>The slots each run holds, those there are, and those that nobody holds and none are kept for.</summary>
    /// <param name="silos">The silos.</param>
    /// <param name="each">
    /// Slots that a trainer takes of one silo: fewer than that are no room for it. Where no silo has so many, its threads share what there
    /// is.
    /// </param>
    private (Dictionary<RunId, int> Held, int All, int Free) Count(IReadOnlyList<SiloReport> silos, int each)
    {
        var held = silos.SelectMany(silo => silo.Trainers).GroupBy(trainer => trainer.Run)
            .ToDictionary(run => run.Key, run => run.Sum(trainer => trainer.Slots));
        Forget(held);
        int reserved = _granted.Sum(run => Math.Max(0, run.Value.Slots - held.GetValueOrDefault(run.Key)));
        if (!silos.Any(silo => !silo.Draining && silo.Slots >= each))
            each = 1;
        return (held, silos.Where(silo => !silo.Draining).Sum(silo => Whole(silo.Slots)),
            silos.Sum(silo => Whole(silo.FreeSlots)) - reserved);

        int Whole(int slots) => slots / each * each;
    }

    private void Forget(Dictionary<RunId, int> held)
    {
        foreach (var (run, waiting) in _waiting.ToList())
        {
            if (time.GetElapsedTime(waiting.Asked) > Silence)
                _waiting.Remove(run);
        }

        foreach (var (run, scaling) in _scaling.ToList())
        {
            if (time.GetElapsedTime(scaling.Asked) > Silence)
                _scaling.Remove(run);
        }

        foreach (var (run, grant) in _granted.ToList())
        {
            if (held.GetValueOrDefault(run) >= grant.Slots || time.GetElapsedTime(grant.Granted) > Reserve)
                _granted.Remove(run);
        }
    }
}

using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Runs;

/// <content>
/// Runs that scale themselves: they take the slots that nobody waits for, and give them back to the run that goes next if its priority is
/// higher. Those of the lowest priority give first, of these the one that was submitted last; none gives where that would not help.
/// </content>
internal sealed partial class SlotQueue
{
    private readonly Dictionary<RunId, (ScaleRequest Request, long Asked)> _scaling = [];

    /// <summary>Answers a run that scales itself, by the silos as they are now.</summary>
    public ScaleReply Scale(ScaleRequest request, IReadOnlyList<SiloReport> silos)
    {
        var own = request.Slots;
        _granted.Remove(own.Run);
        _scaling[own.Run] = (request, time.GetTimestamp());
        var slots = Count(silos);
        int held = slots.Held.GetValueOrDefault(own.Run);
        var waiting = Waiting();
        if (waiting is [{ } first, ..] && first.Priority > own.Priority && GivenBack(own.Run, first, slots) is > 0 and var given)
            return new(Math.Max(request.Least, held - given), $"run {first.Run}, which has a higher priority, waits for slots");

        // What a run that has been resized has just let go may still show.
        int trainers = waiting.Any(one => one.Priority >= own.Priority) ? own.Trainers
            : Math.Clamp(held + Math.Max(0, slots.Free), own.Trainers, Math.Max(own.Trainers, request.Most));
        if (trainers > own.Trainers)
            Grant(own with { Trainers = trainers });
        return new(trainers, trainers > own.Trainers ? "slots are free" : "");
    }

    /// <summary>How many of a run's slots are to go to the one that waits.</summary>
    private int GivenBack(RunId run, SlotRequest first, (Dictionary<RunId, int> Held, int All, int Free) slots)
    {
        int missing = Math.Min(first.Trainers, slots.All) - slots.Free;
        var givers = _scaling.Values.Select(one => one.Request).Where(one => one.Slots.Priority < first.Priority)
            .OrderBy(one => one.Slots.Priority).ThenByDescending(one => one.Slots.SubmittedAt)
            .ThenBy(one => one.Slots.Run.Text, StringComparer.Ordinal)
            .Select(one => (one.Slots.Run, Spare: Math.Max(0, slots.Held.GetValueOrDefault(one.Slots.Run) - one.Least))).ToList();
        if (missing <= 0 || givers.Sum(one => one.Spare) < missing)
            return 0;
        foreach (var (giver, spare) in givers)
        {
            int given = Math.Min(spare, missing);
            if (giver == run)
                return given;
            missing -= given;
        }

        return 0;
    }
}

using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Runs;

/// <content>
/// Runs that scale themselves: they take the slots that nobody waits for, and give them back to the run that goes next if its priority is
/// higher. Those of the lowest priority give first, of these the one that was submitted last; none gives where that would not help. While
/// nobody waits, those of the same priority share what they have and what is free as evenly as their least and most trainers allow.
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

        // Who waits takes what is given back.
        if (waiting.Any(one => one.Priority >= own.Priority))
            return new(own.Trainers, "");
        var (share, poorest) = Share(request, slots);
        if (share < own.Trainers && poorest is { } other)
            return new(share, $"run {other}, which has the same priority, has fewer trainers");

        // What a run that has been resized has just let go may still show.
        int trainers = Math.Clamp(held + Math.Max(0, slots.Free), own.Trainers, Math.Max(own.Trainers, share));
        if (trainers > own.Trainers)
            Grant(own with { Trainers = trainers });
        return new(trainers, trainers > own.Trainers ? "slots are free" : "");
    }

    /// <summary>
    /// A run's part of the slots that the runs of its priority have which scale themselves, and of those that are free: one after another
    /// goes to the run that has fewest, of several to the one that was submitted first.
    /// </summary>
    /// <returns>The part, never less than its least; and the first run that has less than its own, where too little is free.</returns>
    private (int Share, RunId? Poorest) Share(ScaleRequest request, (Dictionary<RunId, int> Held, int All, int Free) slots)
    {
        var own = request.Slots;
        var peers = _scaling.Values.Select(one => one.Request).Where(one => one.Slots.Priority == own.Priority
                && one.Slots.Device == own.Device && one.Slots.Kind == own.Kind
                && (one.Slots.Run == own.Run || slots.Held.ContainsKey(one.Slots.Run)))
            .OrderBy(one => one.Slots.SubmittedAt).ThenBy(one => one.Slots.Run.Text, StringComparer.Ordinal).ToArray();
        int free = Math.Max(0, slots.Free);
        int[] has = [.. peers.Select(one => Has(one.Slots.Run))], shares = [.. peers.Select(one => one.Least)];
        for (int left = free + has.Sum() - shares.Sum(); left > 0; left--)
        {
            int next = -1;
            for (int peer = 0; peer < peers.Length; peer++)
            {
                if (shares[peer] < peers[peer].Most && (next < 0 || shares[peer] < shares[next]))
                    next = peer;
            }

            if (next < 0)
                break;
            shares[next]++;
        }

        int[] poor = [.. Enumerable.Range(0, peers.Length).Where(peer => has[peer] < shares[peer])];
        bool isShort = poor.Sum(peer => shares[peer] - has[peer]) > free;
        return (shares[Array.FindIndex(peers, one => one.Slots.Run == own.Run)], isShort ? peers[poor[0]].Slots.Run : null);

        int Has(RunId run) => Math.Max(slots.Held.GetValueOrDefault(run), _granted.GetValueOrDefault(run).Trainers);
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

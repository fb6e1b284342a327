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
        var slots = Count(silos, own.SlotsEach);
        int held = slots.Held.GetValueOrDefault(own.Run) / own.SlotsEach;
        var waiting = Waiting();
        if (waiting is [{ } first, ..] && first.Priority > own.Priority && GivenBack(own.Run, first, slots) is > 0 and var given)
            return new(Math.Max(request.Least, held - given), $"run {first.Run}, which has a higher priority, waits for slots");

        // Who waits takes what is given back.
        if (waiting.Any(one => one.Priority >= own.Priority))
            return new(own.Trainers, "");
        var (share, poorest) = Share(request, slots);
        if (share < Math.Min(held, own.Trainers) && poorest is { } other)
            return new(share, $"run {other}, which has the same priority, has fewer trainers");

        // What a run that has been resized has just let go may still show.
        int trainers = Math.Clamp(held + Math.Max(0, slots.Free / own.SlotsEach), own.Trainers, Math.Max(own.Trainers, share));
        if (trainers > own.Trainers)
            Grant(own with { Trainers = trainers });
        return new(trainers, trainers > own.Trainers ? "slots are free" : "");
    }

    /// <summary>
    /// A run's part of the slots that the runs of its priority have which scale themselves, and of those that are free: one after another
    /// goes to the run that has fewest, of several to the one that was submitted first.
    /// </summary>
    /// <returns>
    /// The part, never less than its least; and the first other run that has less than its part, where too little is free.
    /// </returns>
    private (int Share, RunId? Poorest) Share(ScaleRequest request, (Dictionary<RunId, int> Held, int All, int Free) slots)
    {
        var own = request.Slots;
        var peers = _scaling.Values.Select(one => one.Request).Where(one => one.Slots.Priority == own.Priority
                && one.Slots.Device == own.Device && one.Slots.Kind == own.Kind
                && (one.Slots.Run == own.Run || slots.Held.ContainsKey(one.Slots.Run)))
            .OrderBy(one => one.Slots.SubmittedAt).ThenBy(one => one.Slots.Run.Text, StringComparer.Ordinal).ToArray();
        int free = Math.Max(0, slots.Free);
        int[] each = [.. peers.Select(one => one.Slots.SlotsEach)];
        int[] has = [.. peers.Select(one => Has(one.Slots))], shares = [.. peers.Select(one => one.Least)];
        int left = free + has.Zip(each, (trainers, slotsEach) => trainers * slotsEach).Sum()
            - shares.Zip(each, (trainers, slotsEach) => trainers * slotsEach).Sum();
        for (int next = Next(); next >= 0; next = Next())
        {
            shares[next]++;
            left -= each[next];
        }

        int[] poor = [.. Enumerable.Range(0, peers.Length)
            .Where(peer => has[peer] < shares[peer] && peers[peer].Slots.Run != own.Run)];
        bool isShort = poor.Sum(peer => (shares[peer] - has[peer]) * each[peer]) > free;
        return (shares[Array.FindIndex(peers, one => one.Slots.Run == own.Run)], isShort ? peers[poor[0]].Slots.Run : null);

        // The run with the fewest slots, of those that may have a further trainer for which there is room.
        int Next()
        {
            int next = -1;
            for (int peer = 0; peer < peers.Length; peer++)
            {
                if (shares[peer] < peers[peer].Most && each[peer] <= left
                    && (next < 0 || shares[peer] * each[peer] < shares[next] * each[next]))
                    next = peer;
            }

            return next;
        }

        int Has(SlotRequest run) =>
            Math.Max(slots.Held.GetValueOrDefault(run.Run), _granted.GetValueOrDefault(run.Run).Slots) / run.SlotsEach;
    }

    /// <summary>How many of a run's trainers are to go, so that the one that waits has their slots.</summary>
    private int GivenBack(RunId run, SlotRequest first, (Dictionary<RunId, int> Held, int All, int Free) slots)
    {
        int missing = Math.Min(first.Slots, slots.All) - slots.Free;
        var givers = _scaling.Values.Select(one => one.Request).Where(one => one.Slots.Priority < first.Priority)
            .OrderBy(one => one.Slots.Priority).ThenByDescending(one => one.Slots.SubmittedAt)
            .ThenBy(one => one.Slots.Run.Text, StringComparer.Ordinal)
            .Select(one => (one.Slots.Run, Each: one.Slots.SlotsEach,
                Spare: Math.Max(0, (slots.Held.GetValueOrDefault(one.Slots.Run) / one.Slots.SlotsEach) - one.Least))).ToList();
        if (missing <= 0 || givers.Sum(one => one.Spare * one.Each) < missing)
            return 0;
        foreach (var (giver, each, spare) in givers)
        {
            int given = Math.Min(spare, (missing + each - 1) / each);
            if (giver == run)
                return given;
            missing = Math.Max(0, missing - (given * each));
        }

        return 0;
    }
}

using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Steps;

/// <summary>
/// Where a run's trainers go: to free slots, spread over the silos, the coordinator's own first, neighbours together: what they give is
/// summed where they live, as far as the tree over the trainers is whole there. Where they live changes no bit of the result.
/// </summary>
internal static class TrainerPlacement
{
    /// <summary>A silo for each of the trainers that have none, in their order.</summary>
    /// <param name="silos">The silos that can be reached, the coordinator's first.</param>
    /// <param name="run">The run.</param>
    /// <param name="homes">Each trainer's silo, in order of trainer; null where it has none.</param>
    /// <param name="avoid">Silos to take only where there is no other.</param>
    /// <param name="slots">Slots that each of the run's trainers takes.</param>
    /// <returns>Null when there is no silo to place anything on.</returns>
    public static SiloAddress[]? Choose(
        IReadOnlyList<LivingSilo> silos, RunId run, IReadOnlyList<SiloAddress?> homes, IReadOnlySet<SiloAddress> avoid,
        int slots = 1)
    {
        var places = Places(silos, run, [.. homes.OfType<SiloAddress>()], slots);
        if (places.Count == 0)
            return null;
        int[] homeless = [.. Enumerable.Range(0, homes.Count).Where(trainer => homes[trainer] is null)];
        var chosen = new List<SiloAddress>();
        foreach (int _ in homeless)
        {
            var best = places.MinBy(place => (avoid.Contains(place.Silo), !place.HasRoom, place.Load, place.Rank))!;
            best.Take();
            chosen.Add(best.Silo);
        }

        return Together(homeless, chosen, homes);
    }

    /// <summary>
    /// The trainers that had better move: away from silos that are about to end; from a silo with more trainers than slots to one with a
    /// free slot;
    /// and to a silo with two fewer of the run's trainers. Nobody moves for less: a move costs the opening of the data.
    /// </summary>
    /// <param name="silos">The silos that can be reached, the coordinator's first.</param>
    /// <param name="run">The run.</param>
    /// <param name="homes">Each trainer's silo, in order of trainer.</param>
    /// <param name="slots">Slots that each of the run's trainers takes.</param>
    /// <returns>The trainers, each with its new silo; empty when all may stay.</returns>
    public static IReadOnlyDictionary<int, SiloAddress> Moves(
        IReadOnlyList<LivingSilo> silos, RunId run, IReadOnlyList<SiloAddress> homes, int slots = 1)
    {
        var moves = new Dictionary<int, SiloAddress>();
        var places = Places(silos, run, homes, slots);

        // From where most of them are, so that few have to move.
        var order = Enumerable.Range(0, homes.Count)
            .OrderByDescending(trainer => homes.Count(home => home.Equals(homes[trainer]))).ThenByDescending(trainer => trainer);
        foreach (int trainer in order)
        {
            var home = places.Find(place => place.Silo.Equals(homes[trainer]));
            if (home is null && !silos.Any(silo => silo.Address.Equals(homes[trainer]) && silo.Report.Draining))
                continue; // It does not answer just now, which need not mean anything: the next step shows whether it lives.
            var target = places.Where(place => place != home && (home is null || IsBetter(home, place)))
                .MinBy(place => (!place.HasRoom, place.Load, place.Rank));
            if (target is null)
                continue;
            home?.Leave();
            target.Take();
            moves[trainer] = target.Silo;
        }

        // Who of those that leave a silo goes where makes no difference to the silos.
        foreach (var leaving in moves.Keys.Order().GroupBy(trainer => homes[trainer]).ToList())
        {
            SiloAddress?[] staying = [.. homes.Select((home, trainer) => moves.ContainsKey(trainer) ? null : home)];
            int[] trainers = [.. leaving];
            foreach (var (trainer, silo) in trainers.Zip(Together(trainers, [.. trainers.Select(trainer => moves[trainer])], staying)))
                moves[trainer] = silo;
        }

        return moves;
    }

    /// <summary>
    /// The silo for spares that may take the places of all trainers of a silo that is late: one with room for them, if there is one, which
    /// has trainers of the run and so its data, else the one with least to do; where none has room, one with trainers of the run, as after
    /// the loss of a silo.
    /// </summary>
    /// <param name="silos">The silos that answer.</param>
    /// <param name="run">The run.</param>
    /// <param name="homes">The silos of the run's trainers.</param>
    /// <param name="spares">How many spares.</param>
    /// <param name="slots">Slots that each of the run's trainers takes.</param>
    /// <returns>Null where there is none.</returns>
    public static SiloAddress? HostOfSpares(
        IReadOnlyList<LivingSilo> silos, RunId run, IReadOnlyCollection<SiloAddress> homes, int spares, int slots = 1) =>
        Places(silos, run, homes, slots).Where(place => place.HasRoomFor(spares) || place.Own > 0)
            .MinBy(place => (!place.HasRoomFor(spares), place.Own == 0, place.Load, place.Rank))?.Silo;

    /// <summary>
    /// Gives trainers the silos chosen for them so that each goes, if it can, where its neighbour is, and else where there is room for the
    /// most.
    /// </summary>
    private static SiloAddress[] Together(IReadOnlyList<int> trainers, List<SiloAddress> silos, IReadOnlyList<SiloAddress?> homes)
    {
        SiloAddress?[] all = [.. homes];
        foreach (int trainer in trainers)
        {
            var silo = trainer > 0 && all[trainer - 1] is { } before && silos.Contains(before) ? before
                : silos.GroupBy(one => one).MaxBy(same => same.Count())!.Key;
            silos.Remove(silo);
            all[trainer] = silo;
        }

        return [.. trainers.Select(trainer => all[trainer]!)];
    }

    private static bool IsBetter(Place home, Place target) =>
        target.HasRoom && (home.Used > home.Slots || home.Own - target.Own >= 2);

    private static List<Place> Places(IReadOnlyList<LivingSilo> silos, RunId run, IReadOnlyCollection<SiloAddress> own, int slots) =>
    [
        .. silos.Select((silo, rank) => (silo, rank)).Where(one => !one.silo.Report.Draining && one.silo.Report.Slots > 0).Select(one =>
        {
            // The run's trainers are where the coordinator knows them to be; the report may still have former ones.
            int mine = own.Count(home => home.Equals(one.silo.Address));
            int others = one.silo.Report.Trainers.Where(trainer => trainer.Run != run).Sum(trainer => trainer.Slots);
            return new Place(one.silo.Address, one.rank, one.silo.Report.Slots, slots, mine, others + (mine * slots));
        }),
    ];

    private sealed class Place(SiloAddress silo, int rank, int slots, int each, int own, int used)
    {
        public SiloAddress Silo => silo;

        public int Rank => rank;

        public int Slots => slots;

        public int Own { get; private set; } = own;

        public int Used { get; private set; } = used;

        public bool HasRoom => HasRoomFor(1);

        public double Load => (double)Used / slots;

        public bool HasRoomFor(int trainers) => Used + (trainers * each) <= slots;

        public void Take() => (Own, Used) = (Own + 1, Used + each);

        public void Leave() => (Own, Used) = (Own - 1, Used - each);
    }
}

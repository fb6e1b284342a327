using Orleans.Tbptt.Protocol;

namespace Orleans.Tbptt.Grains.Steps;

/// <summary>A crew that is open, or being opened.</summary>
internal interface ICrew
{
    /// <summary>Whether it has spares of these trainers.</summary>
    bool IsOf(IReadOnlyList<int> others);

    /// <summary>Whether it lives on this silo.</summary>
    bool IsOn(SiloAddress? other);
}

/// <summary>Spares of all trainers that live on one silo, all of them on one other silo: they compute what that one computes.</summary>
/// <param name="Host">The silo that they live on.</param>
/// <param name="Spares">A spare of each trainer, in order.</param>
internal sealed record Crew(SiloAddress Host, IReadOnlyList<Spare> Spares) : ICrew
{
    /// <summary>The host by name.</summary>
    public string HostName => Spares[0].Silo;

    /// <summary>Opens the spares of some trainers on a silo.</summary>
    /// <param name="roster">The run's trainers.</param>
    /// <param name="trainers">Those meant, in order.</param>
    /// <param name="host">The silo.</param>
    /// <param name="assign">What a trainer is given at the committed state.</param>
    /// <param name="areSpares">Whether they remain spares, which take no slots; else they may become trainers.</param>
    /// <returns>The crew; or why there is none.</returns>
    public static async Task<(Crew? Crew, string Problem)> Open(
        Roster roster, IReadOnlyList<int> trainers, SiloAddress host, Func<int, ShardAssignment> assign, bool areSpares = true)
    {
        ShardAssignment[] given = [.. trainers.Select(trainer => assign(trainer) with { IsSpare = areSpares })];
        var opened = await Task.WhenAll(trainers.Zip(given, (trainer, one) => Spare.Open(roster, trainer, host, one)));
        Spare[] spares = [.. opened.Select(one => one.Spare).OfType<Spare>()];
        if (spares.Length == trainers.Count)
            return (new(host, spares), "");
        foreach (var spare in spares)
            roster.Release(spare, given[0].Generation);
        return (null, opened.First(one => one.Spare is null).Problem);
    }

    public bool IsOf(IReadOnlyList<int> others) => Spares.Select(spare => spare.Trainer).SequenceEqual(others);

    public bool IsOn(SiloAddress? other) => Host.Equals(other);

    /// <summary>The spares of some of the trainers, as a link.</summary>
    /// <param name="trainers">Those meant.</param>
    /// <param name="roster">The run's trainers.</param>
    /// <param name="assign">What a trainer is given at the committed state; null where they are there.</param>
    public SpareLink To(IReadOnlyList<int> trainers, Roster roster, Func<int, ShardAssignment>? assign) =>
        new(roster, [.. Spares.Where(spare => trainers.Contains(spare.Trainer))], assign);

    /// <summary>Nothing more is wanted of it.</summary>
    public void Release(Roster roster, int generation)
    {
        foreach (var spare in Spares)
            roster.Release(spare, generation);
    }
}

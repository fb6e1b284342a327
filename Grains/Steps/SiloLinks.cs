using Orleans.Tbptt.Grains.Transport;
using Orleans.Tbptt.Grains.Transport.Messages;
using Orleans.Tbptt.Grains.Transport.Tcp;

namespace Orleans.Tbptt.Grains.Steps;

/// <summary>How some trainers are reached: by their silo's exchange, or, where there is no link, directly.</summary>
/// <param name="Trainers">The trainers, in order; one where there is no link.</param>
/// <param name="Link">The exchange with their silo.</param>
/// <param name="Order">What it is told of them.</param>
internal sealed record TrainerRoute(IReadOnlyList<int> Trainers, SiloLink? Link = null, ExchangeOrder? Order = null);

/// <summary>A run's links to the silos of its trainers. Trainers on the coordinator's own silo share its memory and need none.</summary>
internal sealed class SiloLinks(TrainerRoster roster, ExchangeClient exchanges, ChannelDialer channels, SiloAddress own, SentParameters parameters) : IDisposable
{
    private IReadOnlyList<TrainerRoute> _routes = [];
    private long _version = -1;
    private long _asked;

    /// <summary>Whether parameters travel ahead of the tickets.</summary>
    public bool AreFed { get; } = Buckets.AreUsedFor(parameters.Length);

    /// <summary>How each trainer is reached where it lives now.</summary>
    public IReadOnlyList<TrainerRoute> Routes
    {
        get
        {
            if (_version != roster.Version)
            {
                Dispose();
                (_routes, _version) = (Find(), roster.Version);
            }

            return _routes;
        }
    }

    /// <summary>Whether one trainer is beside the coordinator and all others are elsewhere, where there are others.</summary>
    public bool OneIsBeside => Routes is [{ Link: not null }, ..] && Routes.Count(route => route.Link is null) == 1;

    /// <summary>Sends the parameters of a committed state to every silo that has none of them yet; see <see cref="SiloLink.Feed"/>.</summary>
    public void Feed(int generation, long step, IReadOnlyList<Task>? ready = null)
    {
        if (!AreFed)
            return;
        foreach (var route in Routes)
            route.Link?.Feed(generation, step, ready);
    }

    /// <summary>Nothing more is asked over the links.</summary>
    public void Dispose()
    {
        foreach (var route in _routes)
            route.Link?.Dispose();
    }

    /// <summary>
    /// Links are made anew whenever a trainer has moved: a silo whose last trainer left has dropped the run's parameters, though another has come since.
    /// </summary>
    private List<TrainerRoute> Find()
    {
        List<TrainerRoute> elsewhere = [], beside = [];
        foreach (var silo in roster.All.GroupBy(trainer => roster.Homes[trainer]))
        {
            int[] trainers = [.. silo];
            if (silo.Key is not { } address || address.Equals(own))
            {
                beside.AddRange(trainers.Select(trainer => new TrainerRoute([trainer])));
                continue;
            }

            var order = new ExchangeOrder(roster.Run, trainers, [.. trainers.Select(roster.PlaceOf)], roster.All.Count);
            elsewhere.Add(new(trainers, Link(address), order));
        }

        // Who is farther away is asked first.
        return [.. elsewhere, .. beside];
    }

    private SiloLink Link(SiloAddress silo)
    {
        var exchange = exchanges.On(silo);
        return new(exchange, roster.Run, parameters, () => channels.Open(silo, exchange, roster.Run), () => channels.IsDead(silo), () => ++_asked);
    }
}

using Orleans.Tbptt.Grains.Trainers;
using Orleans.Tbptt.Grains.Transport;
using Orleans.Tbptt.Grains.Transport.InProcess;
using Orleans.Tbptt.Grains.Transport.Messages;
using Orleans.Tbptt.Grains.Transport.Tcp;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Steps;

/// <summary>What links are made of on a coordinator's silo.</summary>
internal sealed record LinkServices(TransportClient Messages, ConnectionDialer Tcp, TcpCodec Codec, LocalTrainers Local,
    ILocalSiloDetails Silo);

/// <summary>
/// A run's links to its trainers where they live now: those of another silo share one, each of those on the coordinator's own has one.
/// </summary>
/// <param name="services">What links are made of.</param>
/// <param name="roster">The run's trainers.</param>
/// <param name="spec">The run's spec, every size known.</param>
/// <param name="parameters">The committed parameters.</param>
internal sealed class TrainerLinks(LinkServices services, Roster roster, RunSpec spec, SentParameters parameters) : IDisposable
{
    /// <summary>
    /// Up to so many multiplications a chunk's forward pass, some 100 µs of work in all, are done on the coordinator's scheduler: to wake
    /// the trainer's thread for them, and the coordinator after it, takes about as long.
    /// </summary>
    private const long InlineWork = 1 << 20;

    private IReadOnlyList<ITrainerLink> _links = [];
    private long _version = -1;
    private long _number;

    /// <summary>The committed parameters.</summary>
    public SentParameters Parameters => parameters;

    /// <summary>The links; those to other silos come first, because their trainers take longest to answer.</summary>
    public IReadOnlyList<ITrainerLink> All
    {
        get
        {
            // Made anew whenever a trainer has moved: a silo whose last trainer left has dropped the run's parameters, though another has
            // come since.
            if (_version != roster.Version)
            {
                Dispose();
                (_links, _version) = (Make(), roster.Version);
            }

            return _links;
        }
    }

    /// <inheritdoc cref="ITrainerLink.Offer"/>
    public void Offer(int generation, long step, IReadOnlyList<Task>? ready = null)
    {
        foreach (var link in All)
            link.Offer(generation, step, ready);
    }

    /// <summary>Nothing more is asked over the links.</summary>
    public void Dispose()
    {
        foreach (var link in _links)
            link.Dispose();
    }

    private List<ITrainerLink> Make()
    {
        List<ITrainerLink> links = [];
        List<int> local = [];
        foreach (var silo in roster.All.GroupBy(trainer => roster.Homes[trainer]))
        {
            if (silo.Key is { } address && !address.Equals(services.Silo.SiloAddress))
                links.Add(ToSilo(address, [.. silo]));
            else
                local.AddRange(silo);
        }

        bool isAloneHere = links.Count > 0 && local.Count == 1;
        return [.. links, .. local.Select(trainer => ToLocal(trainer, isAloneHere))];
    }

    private TcpLink ToSilo(SiloAddress silo, int[] trainers)
    {
        int[] places = [.. trainers.Select(roster.PlaceOf)];
        var orders = new ChunkOrders(new(roster.Run, trainers, places, roster.All.Count, roster.Lanes.Count), () => ++_number);
        var service = services.Messages.On(silo);
        return new(
            new MessageLink(service, orders, parameters), orders, parameters, services.Codec,
            () => services.Tcp.Open(silo, () => service.OpenConnection(roster.Run)), () => services.Tcp.IsDead(silo));
    }

    private InProcessLink ToLocal(int trainer, bool isAloneHere)
    {
        bool isSmall = (long)parameters.Length * roster.LanesOf(trainer).Count * spec.Tbptt.LongestStep <= InlineWork;
        var nodes = PairwiseTree.Subtrees([.. roster.Shards[trainer].Shards], roster.Lanes.Count);
        return new(trainer, nodes, roster[trainer], services.Local, mayWorkInline: isAloneHere && isSmall);
    }
}

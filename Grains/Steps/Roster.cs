using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Steps;

/// <summary>A run's trainers: which shards each has, which grain it is, where it lives and what it is doing.</summary>
internal sealed class Roster
{
    private readonly IGrainFactory _grains;
    private readonly Dictionary<int, int> _placesOfGone = [];
    private readonly Dictionary<int, int> _lastPlaces = [];
    private readonly HashSet<ITrainerGrain> _spares = [];
    private ITrainerGrain[] _trainers;
    private SiloAddress?[] _homes;

    // Read from any thread.
    private volatile TrainerStatus[] _status;

    /// <summary>Makes a roster in which no trainer has a home yet.</summary>
    /// <param name="run">The run.</param>
    /// <param name="lanes">Each shard's lanes.</param>
    /// <param name="trainers">How many trainers there are.</param>
    /// <param name="former">The trainers as a former coordinator knew them, so that those that live are found where they are.</param>
    /// <param name="grains">Makes references.</param>
    public Roster(RunId run, IReadOnlyList<LaneBlock> lanes, int trainers, IReadOnlyList<TrainerStatus> former, IGrainFactory grains)
    {
        (Run, Lanes, _grains) = (run, lanes, grains);
        Shards = ShardRange.Split(lanes.Count, trainers);
        _status = [.. Enumerable.Range(0, trainers).Select(index =>
            Divided(Unplaced(index, former.FirstOrDefault(one => one.Index == index)?.Place ?? 0)))];
        _homes = new SiloAddress?[trainers];
        _trainers = [.. _status.Select(Grain)];
        All = [.. Enumerable.Range(0, trainers)];
    }

    /// <summary>The run.</summary>
    public RunId Run { get; }

    /// <summary>Called whenever a trainer does something else.</summary>
    public Action<TrainerState>? Changed { get; init; }

    /// <summary>Each shard's lanes, whichever trainer has it.</summary>
    public IReadOnlyList<LaneBlock> Lanes { get; }

    /// <summary>Each trainer's shards.</summary>
    public IReadOnlyList<ShardRange> Shards { get; private set; }

    /// <summary>Every trainer's index, in order.</summary>
    public IReadOnlyList<int> All { get; private set; }

    /// <summary>What each trainer is doing. Safe to ask from any thread.</summary>
    public IReadOnlyList<TrainerStatus> Status => [.. _status];

    /// <summary>Each trainer's silo; null where it has none.</summary>
    public IReadOnlyList<SiloAddress?> Homes => _homes;

    /// <summary>Grows whenever a trainer has another home, or none.</summary>
    public long Version { get; private set; }

    /// <summary>Which of its lives a trainer is in, <see cref="TrainerPlace.Number"/>.</summary>
    public int PlaceOf(int trainer) => _status[trainer].Place;

    /// <summary>
    /// The number of a further life of a trainer, which no grain of it has been given: for its next place, or for a spare of it.
    /// </summary>
    public int NextPlace(int trainer) =>
        _lastPlaces[trainer] = Math.Max(_lastPlaces.GetValueOrDefault(trainer), _status[trainer].Place) + 1;

    /// <summary>A spare of a trainer in one of its lives.</summary>
    public ITrainerGrain Spare(int trainer, int place) => Grain(Unplaced(trainer, place));

    /// <summary>The grain of a trainer.</summary>
    public ITrainerGrain this[int trainer] => _trainers[trainer];

    /// <summary>A trainer's silo by name, for messages.</summary>
    public string SiloOf(int trainer) => _status[trainer].Silo is { Length: > 0 } silo ? silo : "its silo";

    /// <summary>A trainer is doing something else now.</summary>
    public void Set(int trainer, TrainerState state)
    {
        // A late answer may be of a trainer that there is no more.
        if (trainer >= _status.Length || _status[trainer].State == state)
            return;
        _status[trainer] = _status[trainer] with { State = state };
        Changed?.Invoke(state);
    }

    /// <summary>A trainer has its shards.</summary>
    public void Settle(int trainer, TrainerReady ready)
    {
        _homes[trainer] = SiloAddress.FromParsableString(ready.Address);
        Version++;
        _status[trainer] = _status[trainer] with
        {
            Silo = ready.Silo, Device = ready.Device, Engine = ready.Engine, Arithmetic = ready.Arithmetic,
        };
    }

    /// <summary>Every grain that the run holds on a silo: its trainers that have a home, and their spares.</summary>
    public IEnumerable<ITrainerGrain> Held => All.Where(trainer => _homes[trainer] is not null).Select(trainer => _trainers[trainer])
        .Concat(_spares);

    /// <summary>A spare is open.</summary>
    public Spare Hold(Spare spare)
    {
        _spares.Add(spare.Grain);
        return spare;
    }

    /// <summary>Nothing more is wanted of a spare. Its grain is released, not waited for, and never asked again.</summary>
    public void Release(Spare spare, int generation)
    {
        _spares.Remove(spare.Grain);
        spare.Grain.Release(generation).Ignore();
    }

    /// <summary>A spare takes its trainer's place. The grain before it is released, not waited for, and never asked again.</summary>
    public void Take(Spare spare, int generation)
    {
        _trainers[spare.Trainer].Release(generation).Ignore();
        _spares.Remove(spare.Grain);
        _trainers[spare.Trainer] = spare.Grain;
        _status[spare.Trainer] = _status[spare.Trainer] with { Place = spare.Place };
        Settle(spare.Trainer, spare.Ready);
        Set(spare.Trainer, TrainerState.Waiting);
    }

    /// <summary>
    /// A trainer is to live elsewhere: from now on it is another grain. The one before it, where there is one, is released and not waited
    /// for.
    /// </summary>
    public void Uproot(int trainer, int generation)
    {
        _trainers[trainer].Release(generation).Ignore();
        _homes[trainer] = null;
        Version++;
        _status[trainer] = _status[trainer] with { Place = NextPlace(trainer), State = TrainerState.Placing };
        _trainers[trainer] = Grain(_status[trainer]);
    }

    /// <summary>
    /// The shards are divided among another number of trainers from now on. Those that are too many are released and not waited for.
    /// </summary>
    /// <param name="trainers">How many there shall be.</param>
    /// <param name="homes">The silos of those that are new, in order; fewer where some of them have none yet.</param>
    /// <param name="generation">The generation in force.</param>
    public void Divide(int trainers, IReadOnlyList<SiloAddress> homes, int generation)
    {
        int before = _status.Length;
        for (int trainer = trainers; trainer < before; trainer++)
        {
            _trainers[trainer].Release(generation).Ignore();
            _placesOfGone[trainer] = Math.Max(_lastPlaces.GetValueOrDefault(trainer), _status[trainer].Place);
        }

        Shards = ShardRange.Split(Lanes.Count, trainers);
        All = [.. Enumerable.Range(0, trainers)];
        _homes = [.. All.Select(trainer => trainer < before ? _homes[trainer] : homes.ElementAtOrDefault(trainer - before))];
        _trainers = [.. All.Select(trainer => trainer < before ? _trainers[trainer] : Newcomer(trainer))];
        _status = [.. All.Select(trainer => Divided(trainer < before ? _status[trainer] : Unplaced(trainer, PlaceOfNewcomer(trainer))))];
        Version++;
    }

    /// <summary>The grain of a trainer that is still to come; another one than that of a trainer of this index that has gone.</summary>
    public ITrainerGrain Newcomer(int trainer) => Grain(Unplaced(trainer, PlaceOfNewcomer(trainer)));

    /// <summary>A trainer that was to come is not wanted any more; the next one of this index is another grain.</summary>
    public void LetNewcomerGo(int trainer, int generation)
    {
        Newcomer(trainer).Release(generation).Ignore();
        _placesOfGone[trainer] = PlaceOfNewcomer(trainer);
    }

    /// <summary>The lanes of a trainer's shards.</summary>
    public LaneBlock LanesOf(int trainer) => Shards[trainer].Lanes(Lanes);

    private static TrainerStatus Unplaced(int trainer, int place) => new(trainer, 0, 0, "", "", TrainerState.Placing, place);

    private int PlaceOfNewcomer(int trainer) => _placesOfGone.TryGetValue(trainer, out int place) ? place + 1 : 0;

    private TrainerStatus Divided(TrainerStatus trainer)
    {
        var (shards, lanes) = (Shards[trainer.Index], LanesOf(trainer.Index));
        return trainer with { FirstLane = lanes.First, Lanes = lanes.Count, FirstShard = shards.First, Shards = shards.Count };
    }

    private ITrainerGrain Grain(TrainerStatus trainer) =>
        _grains.GetGrain<ITrainerGrain>(trainer.Index, new TrainerPlace(Run, trainer.Place).ToString());
}

using Orleans.Tbptt.Training.Gpu.Devices;

namespace Orleans.Tbptt.Training.Gpu.Network;

/// <summary>
/// The parameters that the replicas of one device and one number of parameters have loaded: those that are the same are copied once, and
/// held once. Used from any thread.
/// </summary>
/// <remarks>
/// Parameters are the same where all their bits are, whichever run and step they are of: so those of another run, of a step before, of an
/// average or of a shard's local steps are other ones, and those of a step that is repeated or speculated on are found again. A set is
/// written while nobody holds it, and a replica lets go of one when its own work with it has ended. There are as many sets as replicas at
/// most, and of replicas that go from step to step together two: that of a step, and that of the next one, in turns.
/// </remarks>
internal sealed class SharedParameters
{
    private static readonly Lock Registry = new();
    private static readonly Dictionary<(object Device, int Length), SharedParameters> All = [];

    private readonly (object Device, int Length) _key;
    private readonly IAccelerator _keeper;
    private readonly Lock _gate = new();
    private readonly List<ParameterSet> _sets = [];
    private int _users;

    private SharedParameters((object Device, int Length) key, IAccelerator keeper) => (_key, _keeper) = (key, keeper);

    /// <summary>How often parameters were copied to the device.</summary>
    public int Copied { get; private set; }

    /// <summary>How often memory was given back: lists of commands from before may use it.</summary>
    public int GivenBack { get; private set; }

    /// <summary>Those of a device, for one more replica.</summary>
    /// <param name="device">The device.</param>
    /// <param name="length">How many numbers the parameters have.</param>
    public static SharedParameters Join(IAccelerator device, int length)
    {
        lock (Registry)
        {
            var key = (device.Identity, length);
            if (!All.TryGetValue(key, out var shared))
                All[key] = shared = new(key, device.OpenAnother());
            shared._users++;
            return shared;
        }
    }

    /// <summary>
    /// Finds parameters, or copies them. The replica lets those go that it held before, and then awaits <see cref="ParameterSet.Mark"/>.
    /// </summary>
    /// <param name="parameters">The parameters.</param>
    /// <param name="held">What the replica holds, with which nothing is computed any more; becomes what it holds from then on.</param>
    /// <exception cref="OutOfDeviceMemoryException">There is not so much memory left; then it holds none.</exception>
    public void Take(ReadOnlySpan<float> parameters, ref ParameterSet? held)
    {
        lock (_gate)
        {
            Release(ref held);
            var set = Find(parameters);
            if (set is null)
            {
                set = _sets.Find(one => one.Holders == 0) ?? Add();
                set.Load(parameters);
                Copied++;
            }

            // Those of the next step find their place before chunks have taken what is left.
            while (_sets.Count < Wanted(1 + _sets.Count(one => one.Holders > 0 && one != set)))
                Add();
            set.Holders++;
            held = set;
        }
    }

    /// <summary>A replica has gone, and with the last one all memory.</summary>
    /// <param name="held">What it held, with which nothing is computed any more.</param>
    public void Leave(ParameterSet? held)
    {
        lock (_gate)
            Release(ref held);

        // Replicas of other lengths need not wait here for what these do.
        bool isLast;
        lock (Registry)
            isLast = --_users == 0 && All.Remove(_key);
        lock (_gate)
        {
            try
            {
                while (_sets.Count > Wanted(_sets.Count(one => one.Holders > 0)) && _sets.FindLast(one => one.Holders == 0) is { } free)
                    GiveBack(free);
            }
            finally
            {
                if (isLast)
                    _keeper.Dispose();
            }
        }
    }

    private static void Release(ref ParameterSet? held)
    {
        if (held is not null)
            held.Holders--;
        held = null;
    }

    // Two, of a step and of the next one, unless replicas are on more steps, or there is one replica alone.
    private int Wanted(int used) => Math.Min(Volatile.Read(ref _users), Math.Max(used, 2));

    private ParameterSet? Find(ReadOnlySpan<float> parameters)
    {
        foreach (var set in _sets)
        {
            if (set.Has(parameters))
                return set;
        }

        return null;
    }

    private ParameterSet Add()
    {
        var set = new ParameterSet(_keeper, _key.Length).Reserve();
        _sets.Add(set);
        return set;
    }

    private void GiveBack(ParameterSet set)
    {
        _sets.Remove(set);
        GivenBack++;
        set.Dispose();
    }
}

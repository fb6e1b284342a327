using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Steps;

/// <summary>
/// The crews of a run: each silo's trainers have spares on the next silo, in the order of their addresses. They are opened at the same
/// time, and no step waits long for them; one that could not be opened is tried again when silos or trainers have changed, or after a
/// pause that grows.
/// </summary>
/// <remarks>Runs on the coordinator's scheduler.</remarks>
/// <param name="assigner">Says what trainers are given, and which silos there are.</param>
/// <param name="roster">The trainers.</param>
/// <param name="state">The committed state.</param>
/// <param name="membership">Counts the changes among the silos.</param>
/// <param name="generation">The generation in force.</param>
/// <param name="time">The clock.</param>
internal sealed class Crews(
    TrainerAssigner assigner, Roster roster, TrainingState state, MembershipWatch membership, Func<int> generation, TimeProvider time)
{
    /// <summary>A step waits so long for spares to be opened; then it is audited with those that are open.</summary>
    public static readonly TimeSpan OpeningPatience = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(10);
    private static readonly (long, long) Never = (-1, -1);

    private readonly Dictionary<SiloAddress, Crew> _open = [];
    private readonly Dictionary<SiloAddress, Opening> _opening = [];
    private (long Roster, long Silos) _placedAt = Never;
    private long _fitAt = -1;
    private long _triedAt;
    private TimeSpan _pause = ShortestPause;
    private bool _isReleased;

    /// <summary>The silos that offer what the run needs and are not drained, as they were when crews were placed last.</summary>
    public IReadOnlyList<SiloAddress> Silos { get; private set; } = [];

    /// <summary>Why some trainers have no spares.</summary>
    public AuditProblem Problem { get; private set; }

    /// <summary>The crew of a silo's trainers; null where it has none that is open.</summary>
    public Crew? Of(SiloAddress home) => _open.GetValueOrDefault(home);

    /// <summary>Gives every silo's trainers a crew, where there is a reason to look.</summary>
    /// <param name="patience">How long those that begin to be opened are waited for.</param>
    public async Task Place(TimeSpan patience)
    {
        var now = (roster.Version, membership.Changes);
        bool isAsBefore = _placedAt == now;
        if (isAsBefore && (Problem.Kind == AuditProblemKind.None || time.GetElapsedTime(_triedAt) < _pause))
            return;
        _pause = !isAsBefore ? ShortestPause : _pause * 2 < LongestPause ? _pause * 2 : LongestPause;
        (_placedAt, _triedAt) = (now, time.GetTimestamp());
        Silos = [.. (await assigner.Look()).Select(silo => silo.Address).Order()];
        if (_isReleased)
            return;
        DropUnfit((home, crew) => crew.IsOn(HostFor(home)));
        var homes = Homes();
        List<Opening> begun = [];
        foreach (var (home, trainers) in homes.Where(one => !_open.ContainsKey(one.Key) && !_opening.ContainsKey(one.Key)))
        {
            if (HostFor(home) is { } host)
                begun.Add(_opening[home] = new(trainers, host));
        }

        Task[] taking = [.. begun.Select(Take)];
        await Task.WhenAll(taking).WaitAsync(patience, time)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        Problem = ProblemOf(homes, begun);
    }

    /// <summary>Crews of trainers that live elsewhere now, or that there are no more, are released.</summary>
    public void DropUnfit()
    {
        if (_fitAt == roster.Version)
            return;
        _fitAt = roster.Version;
        DropUnfit((_, _) => true);
    }

    /// <summary>A crew that failed is released.</summary>
    public void Drop(Crew crew, AuditProblem why)
    {
        DropUnfit((_, one) => !ReferenceEquals(one, crew));
        (Problem, _triedAt) = (why, time.GetTimestamp());
    }

    /// <summary>A silo is given no more work: its crews are placed elsewhere.</summary>
    public void DropHost(SiloAddress host)
    {
        DropUnfit((_, one) => !one.IsOn(host));
        Silos = [.. Silos.Where(silo => !silo.Equals(host))];
        _placedAt = Never;
    }

    /// <summary>Nothing is wanted of any crew until crews are placed again.</summary>
    public void Disband()
    {
        DropUnfit((_, _) => false);
        (_placedAt, Problem) = (Never, default);
    }

    /// <summary>Nothing more is wanted of any crew, also of those that are still being opened.</summary>
    public void Release()
    {
        _isReleased = true;
        DropUnfit((_, _) => false);
    }

    private void DropUnfit(Func<SiloAddress, ICrew, bool> isFit)
    {
        var homes = Homes();
        foreach (var (home, crew) in _open.Where(one => !IsFit(one.Key, one.Value)).ToList())
        {
            crew.Release(roster, generation());
            _open.Remove(home);
        }

        // They are released once they are open.
        foreach (var (home, _) in _opening.Where(one => !IsFit(one.Key, one.Value)).ToList())
            _opening.Remove(home);

        bool IsFit(SiloAddress home, ICrew crew) =>
            homes.TryGetValue(home, out int[]? trainers) && crew.IsOf(trainers) && isFit(home, crew);
    }

    private async Task Take(Opening opening)
    {
        var (crew, problem) = await Open(opening);
        opening.Problem = problem;
        var home = _opening.FirstOrDefault(one => one.Value == opening).Key;
        if (home is not null)
            _opening.Remove(home);
        if (crew is null)
            return;
        if (home is not null)
            _open[home] = crew;
        else
            crew.Release(roster, generation());
    }

    /// <summary>However it fails, the silo's trainers have no crew, and it is tried again: what is being opened must not stay so.</summary>
    private async Task<(Crew? Crew, string Problem)> Open(Opening opening)
    {
        try
        {
            return await Crew.Open(roster, opening.Trainers, opening.Host, Assign);
        }
#pragma warning disable CA1031 // Without spares steps are audited in part, and the run continues.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return (null, e.Message);
        }
    }

    private AuditProblem ProblemOf(Dictionary<SiloAddress, int[]> homes, List<Opening> begun)
    {
        const string Found = "not all that the trainers give can be computed again on another silo: ";
        if (homes.Keys.Any(home => HostFor(home) is null))
            return new(AuditProblemKind.NoSilo, Found + "there is no other silo that offers what the run needs; start another one");
        if (begun.Find(one => one.Problem.Length > 0) is { } failed)
            return new(AuditProblemKind.NotOpened, Found + failed.Problem);
        return _opening.Values.FirstOrDefault() is { } opening
            ? new(AuditProblemKind.Opening, $"{Found}spares on {opening.Host} are still being opened; steps are audited without them "
                + "until they are open")
            : default;
    }

    private Dictionary<SiloAddress, int[]> Homes() => roster.All.Where(trainer => roster.Homes[trainer] is not null)
        .GroupBy(trainer => roster.Homes[trainer]!).ToDictionary(home => home.Key, home => home.ToArray());

    private SiloAddress? HostFor(SiloAddress home) =>
        Silos.FirstOrDefault(silo => silo.CompareTo(home) > 0) ?? Silos.FirstOrDefault(silo => !silo.Equals(home));

    private ShardAssignment Assign(int trainer) => assigner.AssignmentOf(trainer, state);

    /// <summary>A crew that is being opened.</summary>
    private sealed class Opening(int[] trainers, SiloAddress host) : ICrew
    {
        public int[] Trainers => trainers;

        public SiloAddress Host => host;

        public string Problem { get; set; } = "";

        public bool IsOf(IReadOnlyList<int> others) => trainers.SequenceEqual(others);

        public bool IsOn(SiloAddress? other) => host.Equals(other);
    }
}

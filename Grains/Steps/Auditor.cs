using Orleans.Tbptt.Grains.Progress;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Grains.Telemetry;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Steps;

/// <summary>
/// Audits steps: has every trainer's part of one step in so many computed again, on another silo than the trainer's, and compares the bytes
/// before the step is committed. Where they are unlike, a third silo computes them as well, and the one that stands alone is drained.
/// </summary>
/// <remarks>Runs on the coordinator's scheduler.</remarks>
/// <param name="spec">The run's spec, with <c>audit</c>.</param>
/// <param name="assigner">Says what trainers are given, and which silos there are.</param>
/// <param name="roster">The trainers.</param>
/// <param name="links">The ways to them.</param>
/// <param name="run">The run.</param>
/// <param name="state">The committed state.</param>
/// <param name="membership">Counts the changes among the silos.</param>
/// <param name="telemetry">Is notified.</param>
internal sealed class Auditor(
    RunSpec spec, TrainerAssigner assigner, Roster roster, Func<IReadOnlyList<Transport.ITrainerLink>> links, RunProgress run,
    TrainingState state, MembershipWatch membership, RunTelemetry telemetry)
{
    /// <summary>
    /// Spares that take longer than this, and than <see cref="StepDeadline.LostFactor"/> times what the trainers took, are lost.
    /// </summary>
    private static readonly TimeSpan LeastPatience = TimeSpan.FromSeconds(10);

    private readonly Dictionary<SiloAddress, Crew> _crews = [];
    private (long Roster, long Silos) _placedAt = (-1, -1);
    private IReadOnlyList<SiloAddress> _silos = [];
    private string _warned = "";

    /// <summary>Begins to compute a step again, where it is to be audited and there is another silo.</summary>
    /// <param name="ticket">The step's ticket.</param>
    /// <returns>Null where the step is not audited.</returns>
    /// <exception cref="RunLeftException">The trainers compute with an engine whose bits differ from processor to processor.</exception>
    public async Task<StepAudit?> Begin(StepTicket ticket)
    {
        if (!spec.Audit!.Audits(ticket.Step))
            return null;
        EnsureSameEverywhere();
        long began = run.Time.GetTimestamp();
        if (_placedAt != (roster.Version, membership.Changes))
            await PlaceCrews();
        Asked[] asked = [.. links().Select(link => new Asked(link, _crews.GetValueOrDefault(HomeOf(link.Trainers[0]))))
            .Where(one => one.Crew is not null).Select(one => one with { Opinion = Ask(one.Crew!, one.Link.Trainers, ticket) })];
        return asked.Length == 0 ? null : new(ticket, asked, run.Time, began, Judge);
    }

    /// <summary>Nothing more is wanted of the spares.</summary>
    public void Release()
    {
        foreach (var crew in _crews.Values)
            crew.Release(run.Generation);
        _crews.Clear();
    }

    /// <summary>Compares what the trainers gave with what the spares give.</summary>
    /// <returns>Null where nothing is unlike.</returns>
    private async Task<AuditFinding?> Judge(StepAudit audit, IReadOnlyList<Contribution> contributions, TimeSpan trained)
    {
        long began = run.Time.GetTimestamp();
        var repeated = new List<Repeated>();
        foreach (var one in audit.Asked)
        {
            var (theirs, problem) = await Wait(one.Opinion!, trained);
            if (theirs is null)
            {
                DropCrew(one.Crew!);
                Warn($"step {audit.Ticket.Step + 1} is audited in part only: {problem}");
                continue;
            }

            var trainers = one.Link.Trainers;
            using var given = audit.Record[trainers[0]];
            given.Close(trainers.Select(trainer => contributions[trainer]));
            if (given.Unlike(theirs) is { Length: > 0 } what)
                return await Find(audit.Ticket, one, (given, theirs), what, trained);
            theirs.Dispose();
            repeated.Add(new(roster.SiloOf(trainers[0]), one.Crew!.HostName, trainers.Count));
        }

        bool isWhole = repeated.Sum(one => one.Tickets) == roster.All.Count;
        if (isWhole)
            _warned = "";
        run.NoteAudit(audit.Ticket.Step + 1, repeated, isWhole, run.Time.GetElapsedTime(began) + audit.Prepared);
        telemetry.OnAudited(repeated.Sum(one => one.Tickets));
        return null;
    }

    /// <summary>Two silos disagree: a third one computes the same.</summary>
    private async Task<AuditFinding> Find(
        StepTicket ticket, Asked one, (Opinion Given, Opinion Repeated) opinions, string what, TimeSpan trained)
    {
        var (home, host) = (HomeOf(one.Link.Trainers[0]), one.Crew!.Host);
        string[] names = [roster.SiloOf(one.Link.Trainers[0]), one.Crew.HostName];
        (string Name, SiloAddress Silo)? culprit = null;
        foreach (var silo in _silos.Where(silo => !silo.Equals(home) && !silo.Equals(host)))
        {
            var (crew, _) = await Crew.Open(roster, one.Link.Trainers, silo, Assign);
            if (crew is null)
                continue;
            var (third, _) = await Wait(Ask(crew, one.Link.Trainers, ticket), trained);
            crew.Release(run.Generation);
            if (third is null)
                continue;
            names = [.. names, crew.HostName];
            if (third.Unlike(opinions.Repeated).Length == 0)
                culprit = (names[0], home);
            else if (third.Unlike(opinions.Given).Length == 0)
                culprit = (names[1], host);
            third.Dispose();
            break;
        }

        opinions.Repeated.Dispose();
        telemetry.OnUnlike();
        return new(ticket.Step + 1, one.Link.Trainers, names, what, culprit?.Name, culprit?.Silo.ToParsableString(),
            run.Snapshot().Audit?.CleanStep);
    }

    /// <summary>Each silo's work is computed again on the next one, in the order of their addresses.</summary>
    private async Task PlaceCrews()
    {
        var placedAt = (roster.Version, membership.Changes);
        _silos = [.. (await assigner.Look()).Select(silo => silo.Address).Order()];
        var homes = roster.All.GroupBy(HomeOf).ToDictionary(home => home.Key, home => home.ToArray());
        foreach (var (home, crew) in _crews.ToList())
        {
            if (!homes.TryGetValue(home, out int[]? trainers) || HostFor(home) is not { } host || !crew.Is(trainers, host))
                DropCrew(crew);
        }

        string problem = "";
        foreach (var (home, trainers) in homes.Where(home => !_crews.ContainsKey(home.Key)))
        {
            if (HostFor(home) is not { } host)
            {
                problem = "there is no other silo that offers what the run needs; start another one";
                continue;
            }

            var (crew, why) = await Crew.Open(roster, trainers, host, Assign);
            if (crew is not null)
                _crews[home] = crew;
            else
                problem = why;
        }

        // Where one is missing, it is tried again with the next step that is audited.
        _placedAt = problem.Length == 0 ? placedAt : (-1, -1);
        if (problem.Length > 0)
            Warn($"not all that the trainers give can be computed again on another silo: {problem}");
    }

    private SiloAddress? HostFor(SiloAddress home) =>
        _silos.FirstOrDefault(silo => silo.CompareTo(home) > 0) ?? _silos.FirstOrDefault(silo => !silo.Equals(home));

    private Task<(Opinion? Given, string Problem)> Ask(Crew crew, IReadOnlyList<int> trainers, StepTicket ticket) =>
        Opinion.Of(crew.To(trainers, roster, Assign), ticket, state.Parameters.Length);

    private async Task<(Opinion? Given, string Problem)> Wait(Task<(Opinion? Given, string Problem)> asked, TimeSpan trained)
    {
        var patience = trained * StepDeadline.LostFactor;
        try
        {
            return await asked.WaitAsync(patience > LeastPatience ? patience : LeastPatience, run.Time);
        }
#pragma warning disable CA1031 // However spares fail, the step is not audited, and the run continues.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return (null, e.Message);
        }
    }

    private void DropCrew(Crew crew)
    {
        crew.Release(run.Generation);
        foreach (var (home, _) in _crews.Where(one => one.Value == crew).ToList())
            _crews.Remove(home);
        _placedAt = (-1, -1);
    }

    private ShardAssignment Assign(int trainer) => assigner.AssignmentOf(trainer, state);

    private SiloAddress HomeOf(int trainer) => roster.Homes[trainer]!;

    /// <summary>Warns of the same thing once.</summary>
    private void Warn(string problem)
    {
        if (_warned.Length == 0)
            run.Warn($"audit: {_warned = problem}");
    }

    private void EnsureSameEverywhere()
    {
        var trainer = roster.Status[0];
        var engine = Engine.Of(spec).On(new DeviceName(trainer.Device));
        if (!engine.IsSameEverywhere)
        {
            throw new RunLeftException(RunState.Failed, $"audit: found engine {engine.Word} on {trainer.Device}, expected engine fused, "
                + "because another engine may give other bits on another processor; set device: cpu, or take audit out");
        }
    }
}

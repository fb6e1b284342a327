using Orleans.Tbptt.Grains.Progress;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Grains.Telemetry;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Steps;

/// <summary>
/// Audits steps: has every trainer's part of one step in so many, or of the next one where somebody wants so, computed again on another
/// silo than the trainer's, and compares the bytes before the step is committed. Where they are unlike, a third silo computes them as well,
/// and the one that stands alone is drained.
/// </summary>
/// <remarks>Runs on the coordinator's scheduler. Of a run without <c>audit</c> it holds spares only as long as there is a wish.</remarks>
/// <param name="spec">The run's spec.</param>
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

    /// <summary>
    /// One of the other silos opens the data within this, while the step waits: without its word the run may have to be paused. A step
    /// in which unlike bits were found waits as long for its spares: without them it would be committed unaudited.
    /// </summary>
    private static readonly TimeSpan ThirdPatience = TimeSpan.FromMinutes(2);

    /// <summary>So many silos are asked at a time to be the third one.</summary>
    private const int ThirdsAtATime = 3;

    private readonly Crews _crews = new(assigner, roster, state, membership, () => run.Generation, run.Time);
    private AuditProblemKind _warned;

    /// <summary>
    /// The committed steps before the one in which unlike bits were found, and which is audited again when it is run again; -1 for none. A
    /// run that was paused because of it, and continues under another coordinator, knows it from its status.
    /// </summary>
    private long _unlike = run.Snapshot().Audit?.Findings.Any(one => one.Step == state.Step + 1) == true ? state.Step : -1;

    /// <summary>What is wanted of the run.</summary>
    public required RunControl Control { get; init; }

    /// <summary>Whether there is a reason to look at a step: without one it costs nothing.</summary>
    public bool HasReason => spec.Audit is not null || Control.Auditing is not null || _unlike >= 0;

    /// <summary>Begins to compute a step again, where it is to be audited and there is another silo.</summary>
    /// <param name="ticket">The step's ticket.</param>
    /// <returns>Null where the step is not audited.</returns>
    /// <exception cref="RunLeftException">The trainers compute with an engine whose bits differ from processor to processor.</exception>
    public async Task<StepAudit?> Begin(StepTicket ticket)
    {
        _crews.DropUnfit();

        // A step that is run again because of what was found is audited again.
        bool isDue = ticket.Step == _unlike || (spec.Audit?.Audits(ticket.Step) ?? false);
        if (!isDue && Control.Auditing is null)
            return null;
        if (FindUnfit(isDue) is { } unfit)
            return Skip(ticket, unfit);
        long began = run.Time.GetTimestamp();
        await _crews.Place(ticket.Step == _unlike ? ThirdPatience : Crews.OpeningPatience);
        Asked[] asked = [.. links().Select(link => new Asked(link, _crews.Of(HomeOf(link.Trainers[0]))))
            .Where(one => one.Crew is not null).Select(one => one with { Opinion = Ask(one.Crew!, one.Link.Trainers, ticket) })];
        if (asked.Length > 0)
            return new(ticket, asked, run.Time, began, Judge);
        return Skip(ticket, _crews.Problem);
    }

    /// <summary>Does not audit a step: warns where it is run again because of what was found.</summary>
    private StepAudit? Skip(StepTicket ticket, AuditProblem problem)
    {
        if (ticket.Step == _unlike)
        {
            run.Warn($"audit: step {ticket.Step + 1}, of which silos had given unlike bits, is run again and not audited: "
                + $"{problem.Words ?? "there are no spares"}");
        }

        _unlike = -1;
        Answer(problem);
        return null;
    }

    /// <summary>Nothing more is wanted of the spares.</summary>
    public void Release() => _crews.Release();

    /// <summary>No step can be audited for now: who wants one is refused.</summary>
    /// <param name="why">Why, in words.</param>
    public void Refuse(string why)
    {
        if (Control.Auditing is not null)
            Answer(new(AuditProblemKind.NoStep, why));
    }

    /// <summary>Warns where trainers have no spares.</summary>
    public void WarnOfCrews() => Warn(_crews.Problem);

    /// <summary>Takes down what an audit says.</summary>
    public void Note(AuditVerdict verdict)
    {
        Warn(verdict.Problem);
        _unlike = verdict.Finding is null ? -1 : verdict.Step - 1;
        if (verdict.Finding is not null)
        {
            telemetry.OnUnlike();
        }
        else
        {
            if (verdict.IsWhole)
                _warned = AuditProblemKind.None;
            run.NoteAudit(verdict.Step, verdict.Repeated, verdict.IsWhole, verdict.Took);
            telemetry.OnAudited(verdict.Repeated.Sum(one => one.Tickets));
        }

        var problem = verdict.IsWhole || verdict.Finding is not null ? default
            : verdict.Problem.Kind == AuditProblemKind.None ? _crews.Problem : verdict.Problem;
        Answer(problem, new(verdict.Step, roster.All.Count, verdict.Repeated, verdict.Finding));
    }

    /// <summary>
    /// Answers who wants an audit, and releases the spares where nothing else is audited. Where spares are still being opened, a later step
    /// is audited in the place of this one.
    /// </summary>
    private void Answer(AuditProblem problem, AuditedStep? audited = null)
    {
        if (Control.Auditing is { } wish && problem.Kind != AuditProblemKind.Opening)
            wish.Finish(problem.Words ?? "", audited);
        if (spec.Audit is null && Control.Auditing is null && _unlike < 0)
            _crews.Disband();
    }

    /// <summary>Compares what the trainers gave with what the spares give.</summary>
    private async Task<AuditVerdict> Judge(StepAudit audit, IReadOnlyList<Contribution> contributions, TimeSpan trained)
    {
        long began = run.Time.GetTimestamp();
        long step = audit.Ticket.Step + 1;
        var repeated = new List<RepeatedTickets>();
        var problem = default(AuditProblem);
        AuditFinding? finding = null;
        foreach (var one in audit.Asked)
        {
            var (theirs, why) = await Wait(one.Opinion!, trained);
            if (theirs is null)
            {
                problem = new(AuditProblemKind.Silent, $"step {step} is audited in part only: {why}");
                _crews.Drop(one.Crew!, problem);
                continue;
            }

            var trainers = one.Link.Trainers;
            var given = audit.Record[trainers[0]];
            given.Close(trainers.Select(trainer => contributions[trainer]));
            if (given.Unlike(theirs) is { Length: > 0 } what)
            {
                finding = await Find(audit.Ticket, one, (given, theirs), what, trained);
                break;
            }

            repeated.Add(new(roster.SiloOf(trainers[0]), one.Crew!.HostName, trainers.Count));
        }

        bool isWhole = finding is null && repeated.Sum(one => one.Tickets) == roster.All.Count;
        return new(step, finding, repeated, isWhole, run.Time.GetElapsedTime(began) + audit.Prepared, problem);
    }

    /// <summary>Two silos disagree: a third one computes the same.</summary>
    private async Task<AuditFinding> Find(
        StepTicket ticket, Asked one, (Opinion Given, Opinion Repeated) opinions, string what, TimeSpan trained)
    {
        var (home, host) = (HomeOf(one.Link.Trainers[0]), one.Crew!.Host);
        string[] names = [roster.SiloOf(one.Link.Trainers[0]), one.Crew.HostName];
        (string Name, SiloAddress Silo)? culprit = null;
        if (await Third(ticket, one.Link.Trainers, [.. _crews.Silos.Where(silo => !silo.Equals(home) && !silo.Equals(host))], trained)
            is var (name, third))
        {
            names = [.. names, name];
            if (third.Unlike(opinions.Repeated).Length == 0)
                culprit = (names[0], home);
            else if (third.Unlike(opinions.Given).Length == 0)
                culprit = (names[1], host);
            third.Dispose();
        }

        // It may host nothing but spares: then neither trainers nor silos change, and its crews have to go all the same.
        if (culprit is var (_, wrong))
            _crews.DropHost(wrong);
        return new(ticket.Step + 1, one.Link.Trainers, names, what, culprit?.Name, culprit?.Silo.ToParsableString(),
            run.Snapshot().Audit?.CleanStep)
        {
            Run = run.Run.Text,
        };
    }

    /// <summary>The opinion of the first of some silos that has one, with the silo's name; null where none has.</summary>
    private async Task<(string Name, Opinion Given)?> Third(
        StepTicket ticket, IReadOnlyList<int> trainers, IReadOnlyList<SiloAddress> silos, TimeSpan trained)
    {
        // All of them together: in a large cluster whose silos hang, one after another would hold the step up for hours.
        long began = run.Time.GetTimestamp();
        foreach (var some in silos.Chunk(ThirdsAtATime))
        {
            var left = ThirdPatience - run.Time.GetElapsedTime(began);
            if (left <= TimeSpan.Zero)
                return null;
            var asked = some.Select(silo => OpinionOf(silo, ticket, trainers, trained, left)).ToList();
            while (asked.Count > 0)
            {
                var first = await Task.WhenAny(asked);
                asked.Remove(first);
                if (await first is not ({ } given, var name))
                    continue;
                foreach (var other in asked)
                    Opinion.DisposeOnceGiven(other).Ignore();
                return (name, given);
            }
        }

        return null;
    }

    /// <summary>What a silo computes of trainers' tickets, with its name; null where it does not.</summary>
    private async Task<(Opinion? Given, string Name)> OpinionOf(
        SiloAddress silo, StepTicket ticket, IReadOnlyList<int> trainers, TimeSpan trained, TimeSpan patience)
    {
        var opening = Crew.Open(roster, trainers, silo, Assign);
        try
        {
            if (await opening.WaitAsync(patience, run.Time) is not ({ } crew, _))
                return (null, "");
            var (given, _) = await Wait(Ask(crew, trainers, ticket), trained);
            return (given, crew.HostName);
        }
        catch (TimeoutException)
        {
            return (null, "");
        }
        finally
        {
            ReleaseOnceOpen(opening).Ignore();
        }
    }

    private async Task ReleaseOnceOpen(Task<(Crew? Crew, string Problem)> opening) =>
        (await opening).Crew?.Release(roster, run.Generation);

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

    private ShardAssignment Assign(int trainer) => assigner.AssignmentOf(trainer, state);

    private SiloAddress HomeOf(int trainer) => roster.Homes[trainer]!;

    /// <summary>Warns of the same kind of problem once, until it is another one or a whole step has been audited.</summary>
    private void Warn(AuditProblem problem)
    {
        // Of a run without audits the problem is the answer to who wanted one.
        if (spec.Audit is null || problem.Kind is AuditProblemKind.None || problem.Kind == _warned)
            return;
        _warned = problem.Kind;
        run.Warn($"audit: {problem.Words}");
    }

    /// <summary>Why the trainers' bits are not those of every silo; null where they are. A wish is refused because of it.</summary>
    /// <exception cref="RunLeftException">They are not, and the spec has audits.</exception>
    private AuditProblem? FindUnfit(bool isDue)
    {
        if (AuditFitness.FindProblem(spec, roster.Status[0].Device) is not { } problem)
            return null;
        return isDue && spec.Audit is not null
            ? throw new RunLeftException(RunState.Failed, $"audit: {problem}; set device: cpu, or take audit out")
            : new AuditProblem(AuditProblemKind.Unfit, problem);
    }
}

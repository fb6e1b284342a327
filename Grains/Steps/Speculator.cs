using Microsoft.Extensions.Logging;
using Orleans.Tbptt.Grains.Progress;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Grains.Telemetry;
using Orleans.Tbptt.Grains.Transport;
using Orleans.Tbptt.Grains.Transport.InProcess;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Steps;

/// <summary>
/// Speculation: the tickets of a silo that is late also go to spares on another silo. Whoever answers first counts, because both give the
/// same bytes. Where the spares do, they are the run's trainers from then on; the grains before them are released and never asked again,
/// so that nothing they still hold or say, of a step that is over, can be taken for a part of a later one.
/// </summary>
/// <remarks>
/// Runs on the coordinator's scheduler. Sends and opens nothing while no silo is late. Not for trainers on the coordinator's own silo,
/// which is stopped together with the coordinator.
/// </remarks>
/// <param name="assigner">Says what trainers are given, and which silos there are.</param>
/// <param name="roster">The trainers.</param>
/// <param name="reducer">Adds their gradients up.</param>
/// <param name="run">The run.</param>
/// <param name="state">The committed state.</param>
/// <param name="telemetry">Is notified.</param>
/// <param name="logger">The log.</param>
internal sealed partial class Speculator(
    TrainerAssigner assigner, Roster roster, GradientReducer reducer, RunProgress run, TrainingState state, RunTelemetry telemetry,
    ILogger logger)
{
    /// <summary>
    /// Spares that have not answered for so long, and three times as long as a step takes, are late themselves: another silo is tried.
    /// </summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>Spares that are still being opened after this are not waited for: another silo is tried.</summary>
    private static readonly TimeSpan OpeningPatience = TimeSpan.FromSeconds(10);

    /// <summary>Before this a step of which nobody has answered anything is taken for a long one.</summary>
    private static readonly TimeSpan LeastWithoutAnswers = TimeSpan.FromSeconds(1);

    private readonly List<(Attempt Attempt, int Trainer)> _opening = [];

    /// <summary>Silos that were late, and then answered before the spares did.</summary>
    private readonly LateSilos _first = new();

    private Attempt? _attempt;
    private bool _released;

    /// <summary>A step takes long: the tickets that are late go to spares, too. Called every now and then until the step is over.</summary>
    /// <param name="step">The step.</param>
    /// <param name="links">The links that it was asked over.</param>
    /// <param name="elapsed">How long it has taken.</param>
    /// <param name="usual">How long a step takes.</param>
    public void Speculate(SpeculatedStep step, IReadOnlyList<ITrainerLink> links, TimeSpan elapsed, TimeSpan usual)
    {
        if (_released || (elapsed < LeastWithoutAnswers && !step.Ask.HasAnswers))
            return;
        if (_attempt?.Step.Ask != step.Ask)
            _attempt = new(step, elapsed, usual, run.Time.GetTimestamp());
        var attempt = _attempt;
        var paused = _first.Paused(run.Time);
        ITrainerLink[] late =
        [
            .. links.Where(link => IsLate(attempt, link) && !paused.Contains(HomeOf(link)) && !IsBeingOpened(attempt, link)
                && attempt.TriesOf(link).MayTry(run.Time)),
        ];
        foreach (var link in late)
            attempt.TriesOf(link).Wait(run.Time, OpeningPatience);
        if (late.Length > 0)
            Begin(attempt, late).Ignore();
    }

    /// <summary>A step's request is over: spares whose answer counts take their trainers' places, the others are released.</summary>
    public void End(GroupAsk ask)
    {
        if (_attempt is not { } attempt || attempt.Step.Ask != ask)
            return;
        _attempt = null;

        // Of two crews of the same trainers that gave parts of large sums the latter one answered last.
        Crew[] winners = [.. attempt.Won.GroupBy(crew => crew.Spares[0].Trainer).Select(crews => crews.Last())];
        foreach (var link in attempt.Tried.Where(link => ask.HasAnswered(link.Trainers) && !winners.Any(crew => crew.IsOf(link.Trainers))))
            _first.Note(HomeOf(link), run.Time);
        foreach (var crew in attempt.Open.Except(winners))
            crew.Release(roster, run.Generation);
        foreach (var crew in winners)
            TakePlaces(attempt, crew);
    }

    /// <summary>The run is left: nothing more is wanted of spares, and no other ones are asked.</summary>
    public void Release()
    {
        _released = true;
        foreach (var crew in _attempt?.Open ?? [])
            crew.Release(roster, run.Generation);
        _attempt = null;
    }

    private bool IsLate(Attempt attempt, ITrainerLink link) => !_released && _attempt == attempt && link is not InProcessLink
        && (attempt.Step.Ask.IsOpen(link.Trainers) || reducer.IsWaitingFor(link.Trainers));

    /// <summary>Whether spares of a link's trainers are still being opened that were to answer for them in a former step.</summary>
    private bool IsBeingOpened(Attempt attempt, ITrainerLink link) =>
        _opening.Exists(one => one.Attempt != attempt && link.Trainers.Contains(one.Trainer));

    private async Task Begin(Attempt attempt, IReadOnlyList<ITrainerLink> late)
    {
        HashSet<SiloAddress> silent = [.. attempt.All.Where(link => IsLate(attempt, link)).Select(HomeOf)];
        var silos = await assigner.Look(silent);
        List<SiloAddress> homes = [.. roster.Homes.OfType<SiloAddress>()];
        foreach (var link in late.Where(link => IsLate(attempt, link)))
        {
            var tries = attempt.TriesOf(link);
            LivingSilo[] others = [.. silos.Where(silo => !tries.Hosts.Contains(silo.Address))];
            if (assigner.HostOfSpares(others, homes, link.Trainers.Count) is not { } host)
            {
                string silo = roster.SiloOf(link.Trainers[0]);
                LogNoSilo(run.Run, state.Step + 1, silo);
                tries.Wait(run.Time, attempt.Patience);
                continue;
            }

            tries.Hosts.Add(host);
            homes.AddRange(link.Trainers.Select(_ => host));
            attempt.Step.Ask.Spare(link.Trainers, Ask(attempt, link, host));
        }
    }

    /// <summary>Has a silo compute what a link is late with.</summary>
    private async Task Ask(Attempt attempt, ITrainerLink link, SiloAddress host)
    {
        Crew? crew = null;
        string problem;
        try
        {
            (crew, problem) = await Open(attempt, link.Trainers, host);
            if (crew is not null && await IsFirst(attempt, link, crew))
                return;
        }
#pragma warning disable CA1031 // However spares fail, the silo that is late is waited for as without them.
        catch (Exception e)
#pragma warning restore CA1031
        {
            problem = e.Message;
        }

        if (crew is not null)
        {
            attempt.Open.Remove(crew);
            attempt.Won.Remove(crew);
            crew.Release(roster, run.Generation);
        }

        if (problem.Length > 0)
        {
            string silo = roster.SiloOf(link.Trainers[0]);
            LogNotOpened(run.Run, state.Step + 1, silo, problem);
        }

        attempt.TriesOf(link).Wait(run.Time, TimeSpan.Zero);
    }

    private async Task<(Crew? Crew, string Problem)> Open(Attempt attempt, IReadOnlyList<int> trainers, SiloAddress host)
    {
        var opening = (attempt, trainers[0]);
        _opening.Add(opening);
        try
        {
            return await Crew.Open(roster, trainers, host, trainer => assigner.AssignmentOf(trainer, state), areSpares: false);
        }
        finally
        {
            _opening.Remove(opening);
        }
    }

    /// <summary>Asks spares that are open.</summary>
    /// <returns>Whether their answer is what counts.</returns>
    private async Task<bool> IsFirst(Attempt attempt, ITrainerLink link, Crew crew)
    {
        if (!IsLate(attempt, link))
            return false;
        attempt.Open.Add(crew);
        attempt.TriesOf(link).Wait(run.Time, attempt.Patience);
        telemetry.OnSpeculated(link.Trainers.Count);
        var spares = crew.To(link.Trainers, roster, assign: null);
        var reply = await spares.Ask(new(attempt.Step.Ticket, null, attempt.Step.Ticket.Step));
        if (!IsLate(attempt, link) || !reply.Replies.All(one => one is Contribution))
        {
            reply.Discard();
            return false;
        }

        // Before the request can be whole: then what spares give is added up with the rest.
        attempt.Won.Add(crew);
        reducer.TakeElsewhere(attempt.Step.Number, spares, reply, attempt.Step.Ticket);
        attempt.Step.Ask.TakeInstead(link.Trainers, reply);
        return true;
    }

    private void TakePlaces(Attempt attempt, Crew crew)
    {
        int[] trainers = [.. crew.Spares.Select(spare => spare.Trainer)];
        string silent = roster.SiloOf(trainers[0]);
        assigner.NoteLate(roster.Homes[trainers[0]]!);
        foreach (var spare in crew.Spares)
            roster.Take(spare, run.Generation);
        telemetry.OnSpeculationWon(trainers.Length);
        run.Move(state.Step, trainers,
            $"{silent} did not answer for {attempt.Elapsed.TotalSeconds:0.##} s, where a step takes {attempt.Usual.TotalSeconds:0.###} s; "
            + $"{crew.HostName} was first to compute the same", attempt.Elapsed + run.Time.GetElapsedTime(attempt.Began));
    }

    private SiloAddress HomeOf(ITrainerLink link) => roster.Homes[link.Trainers[0]]!;

    [LoggerMessage(Level = LogLevel.Information,
        Message = "Run {Run}: step {Step} waits for {Silo}; no other silo has room for its trainers, or trainers of the run")]
    private partial void LogNoSilo(RunId run, long step, string silo);

    [LoggerMessage(Level = LogLevel.Information,
        Message = "Run {Run}: step {Step} waits for {Silo}; its trainers have no spares: {Reason}")]
    private partial void LogNotOpened(RunId run, long step, string silo, string reason);

    /// <summary>Speculation on one step.</summary>
    private sealed class Attempt(SpeculatedStep step, TimeSpan elapsed, TimeSpan usual, long began)
    {
        private readonly Dictionary<ITrainerLink, Tries> _tries = [];

        public SpeculatedStep Step => step;

        public TimeSpan Elapsed => elapsed;

        public TimeSpan Usual => usual;

        public long Began => began;

        /// <summary>How long spares that are open may take, or nobody is looked for where there was no silo.</summary>
        public TimeSpan Patience { get; } =
            usual * StepDeadline.LateFactor > Speculator.Patience ? usual * StepDeadline.LateFactor : Speculator.Patience;

        public IEnumerable<ITrainerLink> All => _tries.Keys;

        /// <summary>The links whose tickets were to go to spares, too.</summary>
        public IEnumerable<ITrainerLink> Tried => All.Where(link => _tries[link].Hosts.Count > 0);

        public List<Crew> Open { get; } = [];

        public List<Crew> Won { get; } = [];

        public Tries TriesOf(ITrainerLink link)
        {
            if (!_tries.TryGetValue(link, out var tried))
                _tries[link] = tried = new();
            return tried;
        }
    }

    /// <summary>Where spares of a link were asked.</summary>
    private sealed class Tries
    {
        private long _since;
        private TimeSpan _pause;

        public HashSet<SiloAddress> Hosts { get; } = [];

        public bool MayTry(TimeProvider time) => time.GetElapsedTime(_since) >= _pause;

        /// <summary>No other silo is tried for a while.</summary>
        public void Wait(TimeProvider time, TimeSpan pause) => (_since, _pause) = (time.GetTimestamp(), pause);
    }
}

/// <summary>A step whose trainers have been asked.</summary>
/// <param name="Ask">The request.</param>
/// <param name="Number">The number by which the reducer knows it.</param>
/// <param name="Ticket">Its ticket.</param>
internal sealed record SpeculatedStep(GroupAsk Ask, long Number, StepTicket Ticket);

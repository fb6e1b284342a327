using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Grains.Runs;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Sweeps;

namespace Orleans.Tbptt.Grains.Sweeps;

/// <summary>
/// What the trials of a sweep have in common: a function of the sweep and its data, known before any trial is trained. Where values depend
/// on results it is not, and nothing is shared but what runs have computed before.
/// </summary>
internal sealed class TrialPrefixes(SweepServices services, SweepDirectory sweep, SweepSpec spec)
{
    private readonly Lazy<(IReadOnlyList<SweepTrial> Trials, IReadOnlyDictionary<int, SharedPrefix> Prefixes)> _plan =
        new(() => Plan(services, sweep, spec));

    /// <summary>The longest part that a trial has in common with others; null for none. Blocks when it is first asked.</summary>
    public SharedPrefix? Of(SweepTrial trial) => _plan.Value.Prefixes.GetValueOrDefault(trial.Number);

    /// <summary>The first trial of a part, with whose spec it is made.</summary>
    public SweepTrial First(SharedPrefix prefix) => _plan.Value.Trials[prefix.Trial];

    /// <summary>The id of the run that makes the steps of a part, and is never resumed.</summary>
    public RunId RunOf(SharedPrefix prefix) => RunId.Parse($"{sweep.RunOf(prefix.Trial)}-{prefix.Steps}");

    private static (IReadOnlyList<SweepTrial>, IReadOnlyDictionary<int, SharedPrefix>) Plan(
        SweepServices services, SweepDirectory sweep, SweepSpec spec)
    {
        if (spec.Strategy.DependsOnResults)
            return ([], new Dictionary<int, SharedPrefix>());
        var trials = SweepPlan.Of(spec with { Halving = null }, (_, _) => new(0)).Trials;
        var specs = new List<(int, RunSpec)>();
        foreach (var trial in trials.Where(trial => trial.Same == trial.Number))
        {
            if (SubmissionCheck.Read(spec.Of(trial.Texts), services.Roots, services.Store.Runs.Reader).Spec is { } sound)
                specs.Add((trial.Number, sound));
        }

        return (trials, SharedPrefix.Of(specs, one => Steps(services, sweep, one)));
    }

    /// <summary>The steps of a run; 0 where its data do not fit, which its submission reports.</summary>
    private static long Steps(SweepServices services, SweepDirectory sweep, RunSpec spec)
    {
        try
        {
            using var lease = services.Data.Acquire(sweep.Id, spec);
            var plans = new EpochPlans(lease.Spec, lease.Data);
            return Enumerable.Range(0, lease.Spec.Train.Epochs).Sum(epoch => plans.Training(epoch).Steps);
        }
        catch (SpecException)
        {
            return 0;
        }
    }
}

using System.Diagnostics.Metrics;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Training.Metrics;
using Tag = System.Collections.Generic.KeyValuePair<string, object?>;

namespace Orleans.Tbptt.Grains.Telemetry;

/// <summary>
/// What is shown of one run while its coordinator is here: the only series that carry a run's id. Read by the collectors.
/// </summary>
/// <param name="run">The run.</param>
/// <param name="snapshot">Its status at this moment.</param>
internal sealed class RunGauges(RunId run, Func<RunStatus> snapshot)
{
    private static readonly (TrainerState State, Tag Tag)[] TrainerStates =
        [.. Enum.GetValues<TrainerState>().Select(state => (state, Named(state)))];
    private static readonly (RunState State, Tag Tag)[] ActiveStates =
        [.. new[] { RunState.Starting, RunState.Queued, RunState.Running }.Select(state => (state, Named(state)))];

    private readonly Tag _run = new("run", run.Text);
    private double _learningRate = double.NaN;

    /// <summary>The losses.</summary>
    public IEnumerable<Measurement<double>> Loss
    {
        get
        {
            var status = snapshot();
            if (status.Loss is { } training)
                yield return new(training, _run, new("split", "training"));
            if (status.ValidationLosses is [.., var validation])
                yield return new(validation, _run, new("split", "validation"));
        }
    }

    /// <summary>The errors of the first targets on held-out data, in their units; none where nothing is held out, or is classes.</summary>
    public IEnumerable<Measurement<double>> Errors => snapshot().Metrics
        .Where(metric => metric is { Kind: MetricKind.Validation, Series: null, Count: > 0 }
            && ClassMetrics.All.Select(one => one.Name).Concat(LabelMetrics.All.Select(one => one.Name))
                .All(one => !metric.Name.EndsWith(one, StringComparison.Ordinal)))
        .GroupBy(metric => metric.Unit).Take(TrainingGauges.MostTargets).SelectMany(target => target.Take(ValueMetrics.Most))
        .Select(metric => new Measurement<double>(
            metric.Value, _run, new("split", "validation"), new("metric", metric.Name.Split(' ', 2)[^1]), new("target", metric.Unit)));

    /// <summary>The learning rate; none before the first step.</summary>
    public IEnumerable<Measurement<double>> LearningRate => Volatile.Read(ref _learningRate) is var rate && double.IsNaN(rate) ? []
        : [new(rate, _run)];

    /// <summary>The epoch.</summary>
    public IEnumerable<Measurement<long>> Epoch => [new(snapshot().Epoch, _run)];

    /// <summary>How many trainers are in each state. Zeros, too: a state that all have left shall not keep its last number.</summary>
    public IEnumerable<Measurement<long>> Trainers
    {
        get
        {
            var trainers = snapshot().Trainers;
            return TrainerStates.Select(one => new Measurement<long>(trainers.Count(trainer => trainer.State == one.State), _run, one.Tag));
        }
    }

    /// <summary>A step was made.</summary>
    public void OnStep(double learningRate) => Volatile.Write(ref _learningRate, learningRate);

    /// <summary>How many of some runs stand where.</summary>
    public static IEnumerable<Measurement<long>> Active(ICollection<RunGauges> runs)
    {
        RunState[] states = [.. runs.Select(run => run.State)];
        return ActiveStates.Select(one => new Measurement<long>(states.Count(state => state == one.State), one.Tag));
    }

    private RunState State => snapshot().State;

    private static Tag Named<T>(T state) where T : struct, Enum => new("state", StateNames.Of(state));
}

using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Grains.Progress;

/// <content>The run's trainers: how many there are, and what happens to them.</content>
internal sealed partial class RunProgress
{
    private Func<IReadOnlyList<TrainerStatus>>? _trainers;

    // Read by the thread that repairs the directory.
    private volatile RunSpec _spec = null!;

    /// <summary>The coordinator has data and state, and is about to place the trainers.</summary>
    /// <param name="spec">The run's spec.</param>
    /// <param name="trainers">The trainers at any moment; called from any thread.</param>
    /// <param name="stepsPerEpoch">Steps of the epoch that it continues with.</param>
    /// <param name="checkpoint">The checkpoint that it continues from; null for the initial state.</param>
    /// <param name="passedOver">Newer checkpoints that are damaged, each with what is wrong with it.</param>
    public void Begin(
        RunSpec spec, Func<IReadOnlyList<TrainerStatus>> trainers, long stepsPerEpoch, string? checkpoint, IReadOnlyList<string> passedOver)
    {
        (_trainers, _spec) = (trainers, spec);
        var layout = ParameterLayout.Of(spec.Model);
        _status = _status with { Parameters = layout.Length, StepsPerEpoch = stepsPerEpoch, State = RunState.Starting, Message = "" };
        _events.Start(spec, _status with { Trainers = trainers() }, checkpoint, passedOver);
        _rates.Start();
        StatusFile = new(_store, Snapshot, _fence, new(_store, _fence, () => _spec, () => Data), _time);
    }

    /// <summary>The trainers are in their places, and the run waits for nobody any more.</summary>
    /// <param name="engine">What computes their passes, and why.</param>
    /// <param name="arithmetics">What the bits of each are a function of.</param>
    public void Place(string engine, IReadOnlyList<string> arithmetics) => _status = _status with
    {
        Engine = engine, Arithmetic = With(_status.Arithmetic, arithmetics),
        State = _training ? RunState.Running : RunState.Starting, QueuePosition = 0, Message = "",
    };

    /// <summary>Those that the run has had so far, in order, and the others.</summary>
    private static string With(string former, IReadOnlyList<string> now)
    {
        const string separator = "; ";
        return string.Join(
            separator, former.Split(separator, StringSplitOptions.RemoveEmptyEntries).Union(now.Where(one => one.Length > 0)));
    }

    /// <summary>
    /// From now on the spec on the disk has another number of trainers, so that a coordinator after this one has as many. Blocks.
    /// </summary>
    /// <exception cref="SupersededException">A newer coordinator has taken the run over.</exception>
    /// <exception cref="IOException">The spec cannot be written.</exception>
    public void Divide(int trainers)
    {
        var spec = _spec with { Train = _spec.Train.WithTrainers(trainers) };
        _store.Write(spec, _fence);
        _spec = spec;
    }

    /// <summary>Trainers were placed again, and the step is about to be run again.</summary>
    public void Recover(long step, int? steps, IReadOnlyList<int> lost, string reason, TimeSpan took)
    {
        _events.Append(new TrainersRecovered { Step = step, Steps = steps, Trainers = lost, Reason = reason, Seconds = took.TotalSeconds });
        StatusFile?.Request();
    }

    /// <summary>Trainers moved between two steps.</summary>
    public void Move(long step, IReadOnlyList<int> moved, string reason, TimeSpan took)
    {
        _events.Append(new TrainersMoved { Step = step, Trainers = moved, Reason = reason, Seconds = took.TotalSeconds });
        StatusFile?.Request();
    }

    /// <summary>The shards were divided among another number of trainers between two steps.</summary>
    public void Resize(long step, int before, int trainers, string reason, TimeSpan took)
    {
        _events.Append(new TrainersResized
        {
            Step = step, Before = before, Trainers = trainers, Reason = reason, Seconds = took.TotalSeconds,
        });
        StatusFile?.Request();
    }

    /// <summary>A step has been computed again to the same bits; it is about to be committed.</summary>
    /// <param name="step">The step, from 1.</param>
    /// <param name="repeated">What was computed again.</param>
    /// <param name="isWhole">Whether that is all of the step.</param>
    /// <param name="took">How much longer the step took because of it.</param>
    public void NoteAudit(long step, IReadOnlyList<RepeatedTickets> repeated, bool isWhole, TimeSpan took) =>
        _status = _status with { Audit = AuditTally.Add(_status.Audit, step, repeated, isWhole, took) };

    /// <summary>A step has been computed again to other bits. The status says so, and which silo is given no more work.</summary>
    public void Find(AuditFinding finding)
    {
        _status = _status with { Audit = AuditTally.Add(_status.Audit, finding) };
        _events.Append(new UnlikeBitsFound { Finding = finding });
        StatusFile?.Request();
    }
}

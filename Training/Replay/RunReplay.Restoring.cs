using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Checkpoints;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Training.Replay;

/// <content>The states that steps are computed from: those of checkpoints, verified whole.</content>
public sealed partial class RunReplay
{
    /// <summary>Goes to the nearest state before a step that is known, unless the state reached is nearer.</summary>
    private void GoNear(long step, EpochEnd end, bool computes)
    {
        bool isNear = _trainer is not null
            && (Next.Step < step || (Next.Step == step && !computes && Fits(end, step, Next.Chunk)));
        foreach (var name in Checkpoints.Where(name => name.Step <= (computes ? step - 1 : step) && !_damaged.ContainsKey(name))
            .OrderByDescending(name => name.Step).ThenByDescending(name => name.Generation))
        {
            if (isNear && name.Step <= Next.Step)
                return;
            if (!TryRead(name, out var restored, out string? problem))
            {
                _damaged[name] = problem!;
                continue;
            }

            if (name.Step == step && !Fits(end, step, restored!.State.Chunk))
                continue;
            Begin(restored!);
            return;
        }

        if (!isNear)
            Begin();
    }

    private bool Fits(EpochEnd end, long step, long chunk) => end != EpochEnd.Before || chunk > 0 || step == FirstStep;

    private bool TryRead(CheckpointName name, out RestoredCheckpoint? restored, out string? problem)
    {
        if (!new CheckpointReader(Run, name).TryRead(_files.Spec, out restored, out problem))
            return false;
        if (_options.ChecksData && _prepared.FindDifference(restored.State.Data) is { } difference)
            throw new ReplayException(difference);
        return true;
    }

    private void Begin(RestoredCheckpoint restored)
    {
        var state = restored.State;
        bool isKnown = Run.ReadStatus()?.Arithmetic == FusedReplica.ArithmeticVersion;
        if (!isKnown && state.Device.Length > 0 && state.Device != DeviceKind.Cpu.Word)
            throw OtherEngine($"checkpoint {restored.Name}, which was computed on {state.Device}");
        Restart(spec => Restored(spec, restored.Snapshot), new(state.Step, state.Epoch, state.Chunk));
        (From, _before, SequenceSteps) = (restored.Name, state, state.SequenceSteps);
    }

    private static TrainingState Restored(RunSpec spec, TrainingSnapshot snapshot)
    {
        var state = TrainingState.Empty(spec);
        state.Restore(snapshot);
        return state;
    }

    private void Restart(Func<RunSpec, TrainingState> make, StepPosition next)
    {
        _shardCount = ShardsAt(next.Step);
        var spec = TrainedSpec;
        var state = make(spec);

        IsEvaluating = false;
        _trainer?.Dispose();
        _trainer = new(spec, Data, () => OpenReplica(spec), state, next) { Threads = _options.Threads };
    }

    private void EnsureEngine(RunSpec spec)
    {
        if (_options.Open is null && Engine.Of(spec).On(DeviceName.Cpu) is not FusedEngine)
            throw OtherEngine($"engine {spec.Engine.Word}");
        if (_options.Open is null && spec.Train.UsesTensorCores)
        {
            throw new ReplayException($"run {Run.Id} cannot be computed again here: found train.precision: {spec.Train.PrecisionWord}, "
                + "expected float32, because this process computes on CPUs, which have no tensor cores; train the spec again on GPUs of "
                + "the same compute capability, and compare both runs with tbptt bisect");
        }

        if (_options.Open is null && Run.ReadStatus() is { Arithmetic: { Length: > 0 } arithmetic }
            && arithmetic != FusedReplica.ArithmeticVersion)
        {
            throw new ReplayException($"run {Run.Id} cannot be computed again here: found that its bits are of arithmetic {arithmetic}, "
                + $"expected {FusedReplica.ArithmeticVersion}; {FusedReplica.RemedyFor(arithmetic)}");
        }
    }

    private ReplayException OtherEngine(string found) => new($"run {Run.Id} cannot be computed again here: found {found}, expected the "
        + "fused engine, whose bits are the same on every processor; libtorch's are those of one type of processor or GPU, and only silos "
        + "load it: use a checkpoint of the run as it is, or train the run with engine: fused");
}

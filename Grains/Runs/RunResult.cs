using Orleans.Tbptt.Grains.Checkpoints;
using Orleans.Tbptt.Grains.Progress;
using Orleans.Tbptt.Grains.Threads;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Runs;

/// <summary>What a run leaves: finds the parameters that its spec names, and writes the model.</summary>
/// <param name="services">The run store, and the checkpoints.</param>
/// <param name="takeover">The run.</param>
/// <param name="state">Its committed state.</param>
/// <param name="checkpoints">Writes what is to be read again.</param>
/// <param name="worker">The coordinator's thread.</param>
internal sealed class RunResult(
    RunServices services, Takeover takeover, TrainingState state, CheckpointKeeper checkpoints, WorkerThread worker)
{
    private readonly RunSpec _spec = takeover.Spec!;
    private readonly RunProgress _progress = takeover.Progress;

    /// <summary>The run's checkpoints.</summary>
    public CheckpointKeeper Checkpoints => checkpoints;

    /// <summary>The parameters of the model; null where the best epoch is asked for, and none is finished.</summary>
    /// <exception cref="RunLeftException">The checkpoint of the best epoch cannot be read.</exception>
    public async Task<RunOutput?> Find()
    {
        var status = _progress.Snapshot();
        if (_spec.Train.Output != OutputKind.Best)
            return Note(RunOutput.Of(state), status.Metrics);

        // That of the best epoch may still wait to be written.
        await checkpoints.Finish();
        return await worker.Run(() => BestCheckpoint.Read(services.Checkpoints, _progress.Run, _spec, status.ValidationLosses)) is { } best
            ? Note(best.Snapshot.Output(_spec.Train), best.State.Metrics)
            : null;
    }

    /// <summary>Writes the model. Blocks.</summary>
    /// <returns>Its path.</returns>
    public string Write(RunOutput output) => Write(output, _progress.Snapshot());

    /// <summary>
    /// Writes the model of a run that has no end of its own. Where that fails, the run warns: its checkpoint is written, and the model is
    /// with the next one, or when the run is stopped.
    /// </summary>
    public void TryWriteCommitted()
    {
        try
        {
            var (output, status) = (RunOutput.Of(state), _progress.Snapshot());
            Write(output, status with { Output = Describe(output, status.Metrics), StateHash = Hash });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _progress.Warn($"the model cannot be written: {e.Message}; it is tried again with the next checkpoint, and at a stop");
        }
    }

    private string Write(RunOutput output, RunStatus status) =>
        services.Store.WriteResult(takeover.Fence, _spec, output, status, _progress.Data!);

    private RunOutput Note(RunOutput output, IReadOnlyList<Metric> metrics)
    {
        _progress.Leaves(Describe(output, metrics), Hash);
        return output;
    }

    private StateHash? Hash => _spec.Metrics.StateHash ? state.Hash() : null;

    private ModelOutput? Describe(RunOutput output, IReadOnlyList<Metric> metrics)
    {
        string? kind = _spec.Train.Output == OutputKind.Best ? "best" : output.IsAverage ? "average" : null;
        return kind is null ? null : new(kind, output.Epochs, output.Step, output.IsAverage, metrics);
    }
}

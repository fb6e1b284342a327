using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Grains.Progress;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Grains.Steps;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Grains.Runs;

/// <summary>
/// Brings in what is appended to the file that a run follows, a whole chunk of rows or more at a time.
/// <code>
/// |- parent -|- chunk -|- chunk -|- rest -|- a line wi       read to the end of the rest, trained on to that of the chunks
/// </code>
/// What is read is recorded before any of it is trained on, and each later coordinator checks the file against that record. When and how
/// far the file was read changes no bit, because a chunk has the same rows however much lies behind it.
/// </summary>
/// <remarks>Runs on its grain's scheduler.</remarks>
/// <param name="services">What it works with.</param>
/// <param name="spec">The run's spec.</param>
/// <param name="data">The run's data, which this object lets grow.</param>
/// <param name="parts">What steps are made with.</param>
/// <param name="writeModel">Writes the model of the committed state. Blocks.</param>
internal sealed class RowFollower(RunServices services, RunSpec spec, RunDataLease data, StepParts parts, Action writeModel)
{
    /// <summary>
    /// What has come is read when a chunk has; not before so many times as long have passed as that took the last time, so that reading
    /// takes a twentieth of the time at most.
    /// </summary>
    private const int DutyCycle = 20;

    private readonly ExtendsSpec _extends = spec.Extends!;
    private long _read;
    private TimeSpan _reading;
    private long? _model;

    /// <summary>Waits until the data have a further whole chunk, and gives them to the trainers.</summary>
    /// <param name="betweenSteps">What is done between two steps; called while the run waits, too.</param>
    /// <returns>False where nothing has come for so long that the run has completed.</returns>
    /// <exception cref="RunLeftException">The file is not what it was, or something else is wanted of the run.</exception>
    public async Task<bool> Next(Func<Task> betweenSteps)
    {
        long quiet = services.Time.GetTimestamp();
        while (true)
        {
            var look = await parts.Worker.Run(() => Guarded(Look));
            if (look.HasGrown)
                quiet = services.Time.GetTimestamp();
            bool isThere = look.Rows >= data.MissingRows;
            if (isThere && services.Time.GetElapsedTime(_read) >= DutyCycle * _reading)
            {
                if (await Grow())
                    return true;
                continue;
            }

            if (!isThere && _extends.IdleSeconds > 0 && services.Time.GetElapsedTime(quiet).TotalSeconds >= _extends.IdleSeconds)
                return false;
            int chunk = spec.Tbptt.ChunkLength!.Value;
            parts.Run.WaitForRows(isThere ? "reads the file again soon"
                : spec.Data.IsStream ? $"waits for rows: {chunk - data.MissingRows + look.Rows} of the next {chunk} are there"
                : $"waits for rows: {data.MissingRows - look.Rows} or more to the next step");
            parts.Auditor.Refuse(AuditWish.HasNoStep(parts.Run.Snapshot().Message));
            await parts.Control.OrLeave(Task.Delay(services.FollowPeriod, services.Time));
            await betweenSteps();
            await RenewModel();
        }
    }

    /// <summary>
    /// Writes the model of a state of which there is a checkpoint, for those who serve it: what they answer with is never of steps that a
    /// takeover has to make again.
    /// </summary>
    private async Task RenewModel()
    {
        long step = parts.State.Step;
        if (_model == step || parts.Run.Snapshot().CheckpointStep != step)
            return;
        _model = step;
        await parts.Worker.Run(writeModel);
    }

    private FollowedLook Look()
    {
        var look = data.Look();
        return look.Problem is { } problem ? throw new RunLeftException(RunState.Failed, problem) : look;
    }

    /// <summary>Reads the file, and ends the run, which can be resumed, where it cannot be read.</summary>
    private T Guarded<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new RunLeftException(RunState.Failed, $"data file '{spec.Data.Source.Paths[0]}': {error.Message}; when it can be read "
                + "again, resume the run");
        }
    }

    /// <summary>Reads the file as it is now.</summary>
    /// <returns>Whether a whole chunk has come.</returns>
    private async Task<bool> Grow()
    {
        long started = services.Time.GetTimestamp();
        bool hasChunk = await parts.Worker.Run(() => Guarded(Read));

        // In their places, with the state that they have: their shares of what is read now. Before a step is there, what they have is
        // enough.
        if (hasChunk)
            await parts.Recovery.PlaceAll(parts.State);
        (_read, _reading) = (services.Time.GetTimestamp(), services.Time.GetElapsedTime(started));
        return hasChunk;
    }

    private bool Read()
    {
        RunDataLease now;
        try
        {
            now = services.Data.TryGrow(parts.Run.Run, data) ?? OpenAnew();
        }
        catch (SpecException error)
        {
            throw new RunLeftException(RunState.Failed, $"the rows that were appended cannot be trained on: {error.Message}");
        }

        try
        {
            parts.Run.Grow(now.Born);
            bool hasChunk = Chunks(now) > Chunks(data);
            data.Take(now);
            return hasChunk;
        }
        finally
        {
            now.Dispose();
        }
    }

    /// <summary>Opens all of the file, where it was replaced by another one with more rows, or rewritten.</summary>
    private RunDataLease OpenAnew()
    {
        // First: what is no longer the file cannot be read as its rows either.
        EnsureSame(data);
        var now = services.Data.Acquire(parts.Run.Run, spec, areFresh: true);
        try
        {
            EnsureSame(now);
            return now;
        }
        catch
        {
            now.Dispose();
            throw;
        }
    }

    /// <summary>Holds a file to what has been read of it.</summary>
    private void EnsureSame(RunDataLease lease)
    {
        if (lease.FindDifference(data.Files) is { } difference)
            throw new RunLeftException(RunState.Failed, difference);
    }

    private long Chunks(RunDataLease lease) => new EpochPlans(spec, lease.Data).Training(0).Steps;
}

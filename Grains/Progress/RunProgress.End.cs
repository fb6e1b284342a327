using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Progress;

/// <content>How a run is left: by its end, a pause, or another coordinator.</content>
internal sealed partial class RunProgress
{
    /// <summary>Returns when everything so far is on the disk.</summary>
    /// <exception cref="RunLeftException">It cannot be written.</exception>
    public async Task Settle()
    {
        await Journal.Flush();
        if (StatusFile is { } file)
            await file.DisposeAsync();
        EnsureWritable();
    }

    /// <summary>
    /// The run has ended: events and status reach the disk before any watcher learns of it. What a coordinator that was replaced ends with
    /// is no part of the run.
    /// </summary>
    public async Task Finish(RunState state, string message, string? model)
    {
        await Leave(state, message, _time.GetUtcNow());
        var ended = new RunEnded
        {
            State = state,
            Message = message,
            Step = _status.Step,
            Model = model,
            Seconds = (_status.EndedAt!.Value - _status.SubmittedAt).TotalSeconds,
        };
        if (_fence.IsInForce)
            await _events.End(ended, WriteStatus);
    }

    /// <summary>The run is paused, or for another silo to take over: that, too, is on the disk before anybody learns of it.</summary>
    /// <param name="state">Paused or queued.</param>
    /// <param name="message">Why.</param>
    public async Task Suspend(RunState state, string message)
    {
        await Leave(state, message, endedAt: null);
        if (state == RunState.Paused)
            _events.Append(new RunPaused { Step = _status.Step, Reason = message });
        else if (_trainers is not null)
            _events.Append(new RunHandedOver { Step = _status.Step, Reason = message });
        await Journal.FlushOrGiveUp();
        WriteStatus();
    }

    /// <summary>Writes the status of a run whose end is in the journal already.</summary>
    public void EndAs(RunEnded end)
    {
        _status = _status with { State = end.State, Message = end.Message, Step = end.Step, EndedAt = end.Time };
        WriteStatus();
    }

    /// <summary>Ends all writing; what was not written by now is given up.</summary>
    public async Task Close()
    {
        if (StatusFile is { } file)
            await file.DisposeAsync();
        await Journal.DisposeAsync();
    }

    private async Task Leave(RunState state, string message, DateTimeOffset? endedAt)
    {
        if (StatusFile is { } file)
            await file.DisposeAsync();
        double trained = Trained.TotalSeconds;
        Volatile.Write(ref _measuredSince, NotMeasured);
        _status = _status with { State = state, Message = message, EndedAt = endedAt, QueuePosition = 0, TrainedSeconds = trained };
    }
}

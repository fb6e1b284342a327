using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Views;

/// <summary>
/// For logs: a line at the start, one per epoch and at least one every 30 s, one per fault, one at the end. Checkpoints are appended to
/// these lines, because there may be many.
/// </summary>
internal sealed class PlainView(TextWriter output, TimeProvider time) : IRunView
{
    /// <summary>After this much silence a progress line is written.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(30);

    private long _spoke = time.GetTimestamp();
    private int? _epochs;
    private StepCommitted? _step;
    private long _firstStep;
    private CheckpointWritten? _checkpoint;
    private RunStatus? _status;
    private long? _saidLate;
    private bool _saidWaiting;
    private (long Time, long Step) _rateFrom = (time.GetTimestamp(), 0);

    /// <inheritdoc/>
    public bool WantsStatus => true;

    /// <inheritdoc/>
    public void OnEvent(string line, RunEvent? runEvent)
    {
        switch (runEvent)
        {
            case StepCommitted step:
                _step = step;
                OnTick();
                break;
            case CheckpointWritten checkpoint:
                _checkpoint = checkpoint;
                break;
            case RunStarted started:
                _firstStep = started.Step;
                Say(EventText.Of(started)!);
                if (started is { Data.Length: > 0, Generation: <= 1 })
                    Say($"data {started.Data}");
                _epochs = started.Epochs;
                break;
            case EpochFinished epoch:
                Say(EventText.Of(epoch, _epochs) + NewCheckpoint());
                break;
            default:
                if (EventText.Of(runEvent, _epochs) is { } text)
                    Say(text);
                break;
        }
    }

    /// <inheritdoc/>
    public void OnStatus(RunStatus status)
    {
        if (status.Engine.Length > 0 && _status?.Engine is not { Length: > 0 })
            Say($"engine {status.Engine}");
        bool waits = status.State == RunState.Queued;
        if (waits && (_status?.State != RunState.Queued || _status.QueuePosition != status.QueuePosition))
            Say($"queued, {Outcome.Queue(status.QueuePosition)}{(status.Message.Length == 0 ? "" : $": {status.Message}")}");
        if (status.WaitsForRows && _status is not { WaitsForRows: true } && !_saidWaiting)
        {
            Say(status.Message);
            _saidWaiting = true;
        }

        _status = status;
        if (LateTrainers.Describe(status) is { } late && (_saidLate is not { } said || time.GetElapsedTime(said) >= Silence))
        {
            Say(late);
            _saidLate = time.GetTimestamp();
        }
    }

    /// <inheritdoc/>
    public void OnNotice(string text) => Say(text);

    /// <inheritdoc/>
    public void OnTick()
    {
        if (time.GetElapsedTime(_spoke) < Silence)
            return;
        if (_status?.State == RunState.Paused)
            Say("still paused");
        else if (_status?.State == RunState.Queued)
            Say($"still queued, {Outcome.Queue(_status.QueuePosition)}");
        else if (_status is { WaitsForRows: true })
            Say($"step {Text.Count(_status.Step)}, {_status.Message}{NewCheckpoint()}");
        else if (_step is not { } step)
            Say("no step yet");
        else
            Say($"{EventText.Of(step, _epochs)}, {Text.Rate(Rate(step))} steps/s{NewCheckpoint()}");
    }

    /// <summary>
    /// Steps per second since the last line; where a round of local steps takes longer than the silence, the rate of the rounds before.
    /// </summary>
    private double Rate(StepCommitted step) => step.Step > _rateFrom.Step
        ? (step.Step - _rateFrom.Step) / time.GetElapsedTime(_rateFrom.Time).TotalSeconds
        : _status?.StepsPerSecond ?? 0;

    /// <summary>The newest checkpoint, unless a line has named it already.</summary>
    private string NewCheckpoint()
    {
        string text = _checkpoint is { } checkpoint ? $", checkpoint {checkpoint.Name}" : "";
        _checkpoint = null;
        return text;
    }

    private void Say(string text)
    {
        output.WriteLine(Text.OneLine(text));
        output.Flush();
        _spoke = time.GetTimestamp();
        _rateFrom = (_spoke, _step?.Step ?? _firstStep);
    }
}

using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Views;

/// <summary>For logs: a line at the start, one for each epoch and at least one every 30 s, one for what went wrong, one at the end.</summary>
internal sealed class PlainView(TextWriter output, TimeProvider time) : IRunView
{
    /// <summary>A run that says nothing for this long says how far it is.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(30);

    private long _spoke = time.GetTimestamp();
    private RunStarted? _started;
    private StepCommitted? _step;
    private (long Time, long Step) _rateFrom = (time.GetTimestamp(), 0);

    /// <inheritdoc/>
    public bool WantsStatus => false;

    /// <inheritdoc/>
    public Task<T> ShowAsync<T>(Func<Task<T>> body) => body();

    /// <inheritdoc/>
    public void OnEvent(string line, RunEvent? runEvent)
    {
        switch (runEvent)
        {
            case RunStarted started when _started is null:
                Say($"run {started.Run}: {Text.Plural(started.Epochs, "epoch")} of {Text.Plural(started.StepsPerEpoch, "step")}, "
                    + $"{Text.Plural(started.Trainers, "trainer")}, {Text.Plural(started.Lanes, "lane")}, "
                    + $"{Text.Plural(started.Parameters, "parameter")}, files in {started.Directory}");
                _started = started;
                break;
            case RunStarted started:
                Say($"resumed: generation {started.Generation}");
                break;
            case StepCommitted step:
                _step = step;
                OnTick();
                break;
            case EpochFinished epoch:
                string validation = epoch.ValidationLoss is { } loss ? $", validation {Text.Figure(loss)}" : "";
                Say($"epoch {epoch.Epoch}{OfEpochs}: loss {Text.Figure(epoch.Loss)}{validation}{Text.Appended(epoch.Metrics)}, "
                    + $"step {Text.Count(epoch.Step)}, {Text.Duration(epoch.Seconds)}");
                break;
            case TrainersRecovered recovery:
                Say($"recovered: {(recovery.Trainers.Count == 1 ? "trainer" : "trainers")} {string.Join(", ", recovery.Trainers)} placed again "
                    + $"after {Text.Duration(recovery.Seconds)}, step {Text.Count(recovery.Step)} run again: {recovery.Reason}");
                break;
            case RunEnded ended:
                string why = ended.Message.Length == 0 ? "" : $": {ended.Message}";
                Say($"{Text.State(ended.State)} at step {Text.Count(ended.Step)} after {Text.Duration(ended.Seconds)}{why}");
                break;
        }
    }

    /// <inheritdoc/>
    public void OnStatus(RunStatus status)
    {
        // Events say enough.
    }

    /// <inheritdoc/>
    public void OnNotice(string text) => Say(text);

    /// <inheritdoc/>
    public void OnTick()
    {
        if (time.GetElapsedTime(_spoke) < Silence)
            return;
        if (_step is not { } step)
        {
            Say("no step yet");
            return;
        }

        double rate = (step.Step - _rateFrom.Step) / time.GetElapsedTime(_rateFrom.Time).TotalSeconds;
        Say($"step {Text.Count(step.Step)} (epoch {step.Epoch}{OfEpochs}): loss {Text.Figure(step.Loss)}, {Text.Rate(rate)} steps/s");
    }

    private string OfEpochs => _started is { } started ? $"/{started.Epochs}" : "";

    private void Say(string text)
    {
        output.WriteLine(Text.OneLine(text));
        output.Flush();
        _spoke = time.GetTimestamp();
        _rateFrom = (_spoke, _step?.Step ?? 0);
    }
}

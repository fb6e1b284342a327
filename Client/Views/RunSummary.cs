using Orleans.Tbptt.Client.Runs;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Training.Metrics;

namespace Orleans.Tbptt.Client.Views;

/// <summary>Wraps a view and prints a summary of a few lines at the end.</summary>
internal sealed class RunSummary(IRunView inner) : IRunView
{
    /// <summary>Of more epochs than this, those in the middle are left out.</summary>
    private const int MaxLosses = 12;

    private const int MaxMetrics = 12;

    /// <summary>A larger share of the gradient that is cut off is worth a sentence.</summary>
    private const double MostCutOff = 0.1;

    private readonly Lock _gate = new();
    private readonly RunFigures _figures = new();

    /// <inheritdoc/>
    public bool WantsStatus => inner.WantsStatus;

    /// <inheritdoc/>
    public Task<T> ShowAsync<T>(Func<Task<T>> body) => inner.ShowAsync(body);

    /// <inheritdoc/>
    public void OnEvent(string line, RunEvent? runEvent)
    {
        lock (_gate)
        {
            _figures.Add(runEvent);
            inner.OnEvent(line, runEvent);
        }
    }

    /// <inheritdoc/>
    public void OnStatus(RunStatus status)
    {
        lock (_gate)
            inner.OnStatus(status);
    }

    /// <inheritdoc/>
    public void OnNotice(string text)
    {
        // Notices come from other threads, but a view must be called from one at a time.
        lock (_gate)
            inner.OnNotice(text);
    }

    /// <inheritdoc/>
    public void OnPhase(string phase)
    {
        lock (_gate)
            inner.OnPhase(phase);
    }

    /// <inheritdoc/>
    public void OnTick()
    {
        lock (_gate)
            inner.OnTick();
    }

    /// <summary>Writes the summary.</summary>
    /// <param name="output">Where to write to.</param>
    /// <param name="directory">The run's directory.</param>
    /// <param name="last">The run's last status; null to read it from the run's files, because the last events may not have
    /// arrived.</param>
    /// <param name="resume">The command that continues the run.</param>
    /// <param name="interrupted">Whether a signal ended the console, and with it the run.</param>
    public void Write(TextWriter output, RunDirectory directory, RunStatus? last, string resume, bool interrupted = false)
    {
        last ??= StatusFile.Read(directory);
        if (_figures.Ended is null && last is not null)
            output.WriteLine($"state         {EndOf(last)}");
        var epochs = _figures.Epochs.ToList();
        if (epochs.Count > 0)
            output.WriteLine($"epoch losses  {Losses([.. epochs.Select(epoch => epoch.Loss)])}");
        double[] validation = [.. epochs.Select(epoch => epoch.ValidationLoss).OfType<double>()];
        if (validation.Length > 0)
            output.WriteLine($"validation    {Losses(validation)}");
        if (epochs.LastOrDefault() is { } epoch)
            WriteFigures(output, epoch.HeldOut, epoch.Metrics);
        var metrics = epochs.SelectMany(one => one.Metrics);
        if (metrics.LastOrDefault(metric => metric.Name == GradientLags.CutOff) is { Value: > MostCutOff } cut)
        {
            string share = (100 * cut.Value).ToString("f0", System.Globalization.CultureInfo.InvariantCulture);
            output.WriteLine($"gradient      {share} % of it would come from further back than it reaches: raise tbptt.chunkLength, or set "
                + "tbptt.backprop");
        }

        if (_figures.Test is { } test)
        {
            output.WriteLine($"test          {Text.Figure(test.Loss)}");
            WriteFigures(output, test.HeldOut, test.Metrics);
        }

        if (_figures.Ended?.Model is { } model)
            output.WriteLine($"model         {model}");
        if (last?.Output is { } which)
            output.WriteLine($"model has     {which.Words}");
        output.WriteLine($"files         {directory.Path}");
        if ((_figures.Ended?.State ?? last?.State) is not (null or RunState.Completed or RunState.Diverged))
            output.WriteLine($"{(interrupted ? "interrupted; " : "resume with: ")}{resume}");
        output.Flush();
    }

    /// <summary>The figures over all sequences; those of single series are in the run's files.</summary>
    private static void WriteFigures(TextWriter output, HeldOutSize? size, IReadOnlyList<Metric> metrics)
    {
        if (size is not null)
            output.WriteLine($"held out      {Text.Size(size)}");
        Metric[] shown = [.. metrics.Where(metric => metric.Series is null)];
        foreach (var metric in shown.Take(MaxMetrics))
            output.WriteLine($"metric        {Text.Figure(metric)}");
        if (shown.Length > MaxMetrics)
            output.WriteLine($"metric        {shown.Length - MaxMetrics} more, which 'tbptt show' prints");
    }

    private static string EndOf(RunStatus status) => status.HasEnded || status.State == RunState.Paused
        ? Outcome.Line(status)
        : $"{Outcome.Line(status)} when its silos ended; its end was not recorded";

    private static string Losses(double[] losses)
    {
        var shown = losses.Select(Text.Figure);
        return losses.Length <= MaxLosses
            ? string.Join(' ', shown)
            : $"{string.Join(' ', shown.Take(MaxLosses / 2))} … {string.Join(' ', shown.TakeLast(MaxLosses / 2))}";
    }
}

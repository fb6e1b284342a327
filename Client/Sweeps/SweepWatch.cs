using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Watching;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Sweeps;

namespace Orleans.Tbptt.Client.Sweeps;

/// <summary>Follows a sweep: a line for each figure that a trial has reached, and one for what it waits for.</summary>
/// <param name="context">Services of the console.</param>
/// <param name="sweeps">The grains.</param>
/// <param name="sweep">The sweep.</param>
/// <param name="output">Where the lines go.</param>
/// <param name="fromNow">Whether figures that trials have reached before get no line.</param>
internal sealed class SweepWatch(ConsoleContext context, ISweepService sweeps, RunId sweep, TextWriter output, bool fromNow = false)
{
    /// <summary>The time between two looks.</summary>
    internal static readonly TimeSpan Period = TimeSpan.FromMilliseconds(500);

    /// <summary>A sweep that nobody knows anything of for this time is given up.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly Dictionary<int, int> _shown = [];
    private string _message = "";
    private bool _skips = fromNow;

    /// <summary>Follows the sweep until it has ended.</summary>
    /// <exception cref="ClientException">No silo has answered for a while.</exception>
    public async Task<SweepStatus> WatchAsync(CancellationToken cancellation)
    {
        long heard = context.Time.GetTimestamp();
        while (true)
        {
            try
            {
                var status = await sweeps.GetStatusAsync(sweep).WaitAsync(context.Limits.Answer, context.Time, cancellation);
                heard = context.Time.GetTimestamp();
                Report(status);
                if (status.HasEnded)
                    return status;
            }
            catch (Exception exception) when (exception is not (OperationCanceledException or SweepNotFoundException))
            {
                // Its silo is dying: another one takes the sweep over.
                if (context.Time.GetElapsedTime(heard) > Patience)
                {
                    throw new ClientException($"sweep {sweep} has not answered for {Patience.TotalMinutes:0} minutes: "
                        + Text.OneLine(exception.Message), ExitCode.Unreachable, exception);
                }
            }

            await Task.Delay(Period, context.Time, cancellation);
        }
    }

    private void Report(SweepStatus status)
    {
        foreach (var trial in status.Trials)
        {
            for (int rung = _skips ? trial.Figures.Count : _shown.GetValueOrDefault(trial.Trial); rung < trial.Figures.Count; rung++)
                output.WriteLine(Line(status, trial, rung));
            _shown[trial.Trial] = trial.Figures.Count;
        }

        _skips = false;
        if (status.Message.Length > 0 && status.Message != _message && !status.HasEnded)
            output.WriteLine(Text.OneLine(status.Message));
        _message = status.Message;
    }

    private static string Line(SweepStatus status, TrialStatus trial, int rung)
    {
        string values = string.Join(", ", SweepTable.Names(status.Keys).Zip(trial.Values, (key, value) => $"{key} {value}"));
        string figure = double.IsFinite(trial.Figures[rung]) ? $"{status.Metric} {Text.Figure(trial.Figures[rung])}" : trial.Problem;
        string best = status.Best is { } number && status.Trials[number] is { Figures.Count: > 0 } one
            ? $"; best so far {SweepTable.Figure(one.Figures[^1])} (trial {number})" : "";
        return Text.OneLine($"trial {trial.Trial} of {status.Planned}  epoch {status.Rungs[rung]}  {figure}  {values}{best}");
    }
}

using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Sweeps;

namespace Orleans.Tbptt.Client.Sweeps;

/// <summary>What the console prints of a sweep that has ended.</summary>
internal static class SweepEnd
{
    /// <summary>Prints the table, and what to do next.</summary>
    /// <param name="status">The sweep.</param>
    /// <param name="terminal">Where to.</param>
    /// <param name="mode">Whether as JSON.</param>
    /// <param name="options">Options that select the run store in other command lines, with a leading space.</param>
    /// <returns>The exit code.</returns>
    public static int Write(SweepStatus status, Terminal terminal, OutputMode mode, string options)
    {
        if (mode == OutputMode.Json)
        {
            terminal.Out.WriteLine(SweepJson.Write(status));
            return ExitCode.Of(status.State);
        }

        var output = terminal.Out;
        output.WriteLine();
        SweepTable.Write(status, Text.State(status.State), output);
        output.WriteLine();
        if (status is { State: RunState.Completed, Best: { } best })
        {
            var trial = status.Trials[best];
            output.WriteLine($"best   trial {best}: {status.Metric} {SweepTable.Figure(trial.Figures[^1])}, run {trial.Run}");
            output.WriteLine($"spec   {Path.Combine(status.Directory, "best.yaml")}");
        }
        else if (status.State != RunState.Completed)
        {
            output.WriteLine($"resume with: tbptt resume {status.Id}{options}");
        }

        return ExitCode.Of(status.State);
    }
}

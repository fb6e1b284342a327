using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Training.Replay;

namespace Orleans.Tbptt.Client.Travel;

/// <summary>What the commands share that compute states of a run again.</summary>
internal static class Replays
{
    /// <summary>Opens a run's directory and its data.</summary>
    /// <exception cref="ClientException">It cannot be computed again.</exception>
    public static RunReplay Open(RunDirectory run, bool keepsTimes = false) =>
        Try(() => RunReplay.Open(run, new() { Threads = Environment.ProcessorCount, KeepsTimes = keepsTimes }));

    /// <summary>Turns what a replay reports into a message of the console.</summary>
    /// <exception cref="ClientException">The replay has failed.</exception>
    public static void Try(Action action) => Try(() =>
    {
        action();
        return true;
    });

    /// <inheritdoc cref="Try(Action)"/>
    public static T Try<T>(Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception error) when (error is ReplayException or IOException or UnauthorizedAccessException)
        {
            throw new ClientException(Text.OneLine(error.Message), ExitCode.Failed, error);
        }
    }

    /// <summary>Refuses a step that the run has not made.</summary>
    /// <exception cref="ClientException">It is one.</exception>
    public static void RefuseUnpublished(RunInfo run, RunReplay replay, long step)
    {
        // The status of a run that is being trained is a little behind: its journal is asked before.
        if (step > run.Status.Step
            && Try(() => replay.Published(step, step)) is [])
        {
            throw new ClientException(
                $"--step: found {step}, expected 0 to {run.Status.Step}, the steps that run {run.Directory.Id} has made", ExitCode.Failed);
        }
    }
}

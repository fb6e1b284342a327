using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Cluster.Wording;

/// <summary>A run's state in one line, and whether it can be resumed.</summary>
public static class Outcome
{
    /// <summary>What a run does that has trained on every whole chunk of the file that it follows.</summary>
    public const string WaitingForRows = "waiting for rows";

    /// <summary>
    /// Whether a run in this state can be resumed: a completed run has nothing left to do, a diverged one would diverge again.
    /// </summary>
    public static bool IsResumable(RunState state) => state is RunState.Stopped or RunState.Failed or RunState.Paused;

    /// <summary><c>completed at step 1,200 after 3.5 s</c>, followed by the cause where there is one.</summary>
    public static string Line(RunStatus status)
    {
        string after = status.EndedAt is { } ended ? $" after {Text.Duration((ended - status.SubmittedAt).TotalSeconds)}" : "";
        string why = status.Message.Length == 0 ? "" : $": {Text.OneLine(status.Message)}";
        return $"{Text.State(status.State)} at step {Text.Count(status.Step)}{after}{why}";
    }

    /// <summary>A place in the queue for slots: <c>next in line</c>, <c>2 runs before it</c>.</summary>
    public static string Queue(int position) => position == 0 ? "next in line" : $"{Text.Plural(position, "run")} before it";
}

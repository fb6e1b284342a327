namespace Orleans.Tbptt.Grains.Telemetry;

/// <summary>What is computed: the tag <c>phase</c>.</summary>
internal static class Phase
{
    /// <summary>Forward and backward over the training sequences.</summary>
    public static readonly KeyValuePair<string, object?> Training = new("phase", "training");

    /// <summary>Forward over the validation sequences.</summary>
    public static readonly KeyValuePair<string, object?> Evaluation = new("phase", "evaluation");
}

/// <summary>What was lost: the tag <c>reason</c>.</summary>
internal static class RecoveryReason
{
    /// <summary>A trainer's silo is dead, cut off or hangs.</summary>
    public const string Lost = "lost";

    /// <summary>A trainer's own work failed.</summary>
    public const string Fault = "fault";

    /// <summary>A trainer stands at another state or listens to another generation.</summary>
    public const string Refused = "refused";

    /// <summary>The coordinator itself was lost, and another one has taken the run over.</summary>
    public const string Coordinator = "coordinator";
}

/// <summary>States as they are written everywhere.</summary>
internal static class StateNames
{
    /// <summary>The name of a state, as in <c>status.json</c>.</summary>
    public static string Of<T>(T state) where T : struct, Enum => state.ToString().ToLowerInvariant();
}

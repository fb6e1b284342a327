using System.Text.Json.Serialization;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Sweeps;

/// <summary>How a trial stands.</summary>
[GenerateSerializer, JsonConverter(typeof(JsonStringEnumConverter<TrialState>))]
public enum TrialState
{
    /// <summary>It waits for its turn.</summary>
    [JsonStringEnumMemberName("waiting")] Waiting,

    /// <summary>It is trained.</summary>
    [JsonStringEnumMemberName("running")] Running,

    /// <summary>It has come to a rung, and is not trained further.</summary>
    [JsonStringEnumMemberName("ended")] Ended,

    /// <summary>It has come to its last epoch.</summary>
    [JsonStringEnumMemberName("completed")] Completed,

    /// <summary>Its loss or a parameter was no number.</summary>
    [JsonStringEnumMemberName("diverged")] Diverged,

    /// <summary>Its values make no sound spec.</summary>
    [JsonStringEnumMemberName("refused")] Refused,
}

/// <summary>A trial of a sweep as it is now.</summary>
[GenerateSerializer, Immutable, Alias("tbptt.TrialStatus")]
public sealed record TrialStatus
{
    /// <summary>Its number, from 0.</summary>
    [Id(0)] public required int Trial { get; init; }

    /// <summary>The values of the parameters as YAML, in their order.</summary>
    [Id(1)] public required IReadOnlyList<string> Values { get; init; }

    /// <summary>How it stands.</summary>
    [Id(2)] public required TrialState State { get; init; }

    /// <summary>The run that trains it, or whose results it has; empty where there is none.</summary>
    [Id(3)] public string Run { get; init; } = "";

    /// <summary>Its figure at each rung; NaN where it has none.</summary>
    [Id(4)] public IReadOnlyList<double> Figures { get; init; } = [];

    /// <summary>Why it has no figure; empty otherwise.</summary>
    [Id(5)] public string Problem { get; init; } = "";

    /// <summary>Steps that were computed for it.</summary>
    [Id(6)] public long Steps { get; init; }

    /// <summary>Steps that it has in common with a run that computed them.</summary>
    [Id(7)] public long SharedSteps { get; init; }

    /// <summary>Epochs that it has been trained for.</summary>
    [Id(8)] public int Epochs { get; init; }
}

/// <summary>A sweep as it is now: <c>status.json</c> in its directory.</summary>
[GenerateSerializer, Immutable, Alias("tbptt.SweepStatus")]
public sealed record SweepStatus
{
    /// <summary>The sweep's id.</summary>
    [Id(0)] public required string Id { get; init; }

    /// <summary>The name of its spec.</summary>
    [Id(1)] public required string Name { get; init; }

    /// <summary>How it stands: starting, running, completed, stopped or failed.</summary>
    [Id(2)] public required RunState State { get; init; }

    /// <summary>Why, or what it waits for, in words; empty where there is nothing to say.</summary>
    [Id(3)] public string Message { get; init; } = "";

    /// <summary>The cluster whose silos see to it that the sweep continues.</summary>
    [Id(4)] public string Cluster { get; init; } = "";

    /// <summary>The sweep's directory, as the silos see it.</summary>
    [Id(5)] public string Directory { get; init; } = "";

    /// <summary>When it was submitted.</summary>
    [Id(6)] public DateTimeOffset SubmittedAt { get; init; }

    /// <summary>When this status was taken.</summary>
    [Id(7)] public DateTimeOffset UpdatedAt { get; init; }

    /// <summary>When it ended; null while it is not over.</summary>
    [Id(8)] public DateTimeOffset? EndedAt { get; init; }

    /// <summary>What is varied: keys of the spec.</summary>
    [Id(9)] public IReadOnlyList<string> Keys { get; init; } = [];

    /// <summary>The figure that trials are compared by.</summary>
    [Id(10)] public string Metric { get; init; } = "";

    /// <summary>Whether more of it is better.</summary>
    [Id(11)] public bool MoreIsBetter { get; init; }

    /// <summary>The epochs of each rung, in order.</summary>
    [Id(12)] public IReadOnlyList<int> Rungs { get; init; } = [];

    /// <summary>How many trials there will be.</summary>
    [Id(13)] public int Planned { get; init; }

    /// <summary>The trials that have been begun.</summary>
    [Id(14)] public IReadOnlyList<TrialStatus> Trials { get; init; } = [];

    /// <summary>The best trial; null while none has a figure.</summary>
    [Id(15)] public int? Best { get; init; }

    /// <summary>Decisions so far.</summary>
    [Id(16)] public int Decisions { get; init; }

    /// <summary>The strategy's word.</summary>
    [Id(17)] public string Strategy { get; init; } = "";

    /// <summary>The priority of its runs in the queue for slots.</summary>
    [Id(18)] public int Priority { get; init; }

    /// <summary>
    /// Runs that somebody had paused or stopped when the sweep was resumed, and that it has still to continue; what is paused or stopped
    /// later stays so.
    /// </summary>
    [Id(19)] public IReadOnlyList<string> Held { get; init; } = [];

    /// <summary>Whether it has ended, one way or another.</summary>
    [JsonIgnore] public bool HasEnded => State is RunState.Completed or RunState.Failed or RunState.Stopped;
}

using System.Text.Json;
using System.Text.Json.Serialization;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Cluster.Local;

/// <summary>What the console asks a silo that it started.</summary>
public enum LocalQuestion
{
    /// <summary><see cref="ICatalogGrain.Describe"/>, without the silos.</summary>
    Describe,

    /// <summary><see cref="ICatalogGrain.Submit"/>.</summary>
    Submit,

    /// <summary><see cref="ICoordinatorGrain.ReadEvents"/>.</summary>
    ReadEvents,

    /// <summary><see cref="ICoordinatorGrain.GetStatus"/>.</summary>
    GetStatus,

    /// <summary><see cref="ICoordinatorGrain.StopRun"/>.</summary>
    Stop,

    /// <summary><see cref="ICoordinatorGrain.ResumeRun"/>.</summary>
    Resume,

    /// <summary><see cref="ICatalogGrain.Fork"/>.</summary>
    Fork,
}

/// <summary>
/// A call of the console to a silo that it started, as one line on the silo's standard input. The silo passes it on to the cluster's
/// grains: a console that trains on its own silos needs no Orleans client, whose start would take as long as the silo's.
/// </summary>
public sealed record LocalCall
{
    /// <summary>Chosen by the caller; the reply has the same.</summary>
    public required long Id { get; init; }

    /// <summary>What is asked.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required LocalQuestion Question { get; init; }

    /// <summary>The run; empty where the question is about none.</summary>
    public string? Run { get; init; }

    /// <summary>Of a submission: the spec.</summary>
    public LocalSpec? Spec { get; init; }

    /// <summary>Of a fork: what the run begins with.</summary>
    public LocalFork? Fork { get; init; }

    /// <summary>Of a submission, fork or resumption: the protocol that the console speaks.</summary>
    public int Protocol { get; init; }

    /// <summary>Of events: the number of the last one known.</summary>
    public long After { get; init; }

    /// <summary>Of events: how many at most.</summary>
    public int Limit { get; init; }

    /// <summary>Of a stop: who wants it.</summary>
    public string? Reason { get; init; }

    /// <summary>Of a resumption: how.</summary>
    public LocalResumption? Resumption { get; init; }

    /// <summary>Reads a line; null when it is something else.</summary>
    public static LocalCall? Parse(string line) => LocalJson.Parse(line, LocalJson.Default.LocalCall);

    /// <summary>The line, without its end.</summary>
    public override string ToString() => JsonSerializer.Serialize(this, LocalJson.Default.LocalCall);
}

/// <summary>A <see cref="SpecText"/> in a line of JSON.</summary>
public sealed record LocalSpec(string Text, string FileName, string Directory, IReadOnlyList<string> Sets);

/// <summary>A <see cref="ForkRequest"/> in a line of JSON.</summary>
public sealed record LocalFork(string Parent, long Step, IReadOnlyList<string> Sets);

/// <summary>A <see cref="ResumeRequest"/> in a line of JSON.</summary>
public sealed record LocalResumption(int? Trainers, bool FromStart, IReadOnlyList<string> Sets);

/// <summary>A silo's reply to a <see cref="LocalCall"/>, as one line on its standard output.</summary>
public sealed record LocalReply
{
    /// <summary>The <see cref="LocalCall.Id"/> of the call.</summary>
    public required long ReplyTo { get; init; }

    /// <summary>Why there is no answer; null where there is one.</summary>
    public string? Error { get; init; }

    /// <summary>Whether the reason is that there is no such run.</summary>
    public bool RunNotFound { get; init; }

    /// <summary>Of a description: the cluster's version and protocol.</summary>
    public LocalVersion? Version { get; init; }

    /// <summary>Of a submission or fork: what is wrong with the spec.</summary>
    public IReadOnlyList<LocalProblem>? Problems { get; init; }

    /// <summary>Of a submission or fork: the run's directory.</summary>
    public string? Directory { get; init; }

    /// <summary>Of a submission or fork: whether the run existed already.</summary>
    public bool Reattached { get; init; }

    /// <summary>Of events: the lines.</summary>
    public IReadOnlyList<string>? Lines { get; init; }

    /// <summary>Of events: <see cref="EventPage.Last"/>.</summary>
    public long Last { get; init; }

    /// <summary>Of events: <see cref="EventPage.IsEnd"/>.</summary>
    public bool IsEnd { get; init; }

    /// <summary>Of a status or a resumption: the run's status, the text of <see cref="Runs.RunJson"/>.</summary>
    public string? Status { get; init; }

    /// <summary>Of a resumption: <see cref="ControlReply.Problem"/>.</summary>
    public string? Problem { get; init; }

    /// <summary>Reads a line; null when it is something else, such as telemetry for people.</summary>
    public static LocalReply? Parse(string line) => LocalJson.Parse(line, LocalJson.Default.LocalReply);

    /// <summary>The line, without its end.</summary>
    public override string ToString() => JsonSerializer.Serialize(this, LocalJson.Default.LocalReply);
}

/// <summary>The version of a cluster.</summary>
public sealed record LocalVersion(string ClusterId, string Product, int Protocol);

/// <summary>A <see cref="SpecProblem"/> in a line of JSON.</summary>
public sealed record LocalProblem(string Key, string Found, string Expected, string Remedy, string? Location);

/// <summary>
/// How calls and replies are written: without reflection, which would compile code at start, and in ASCII, whatever the
/// encoding of a process's pipes.
/// </summary>
[JsonSerializable(typeof(LocalCall))]
[JsonSerializable(typeof(LocalReply))]
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault, UseStringEnumConverter = true)]
internal sealed partial class LocalJson : JsonSerializerContext
{
    /// <summary>Reads a line; null when it is something else.</summary>
    public static T? Parse<T>(string line, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) where T : class
    {
        if (!line.StartsWith('{'))
            return null;
        try
        {
            return JsonSerializer.Deserialize(line, type);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

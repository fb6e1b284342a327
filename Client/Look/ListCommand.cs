using System.Text.Json;
using System.Text.Json.Nodes;
using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Runs;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Look;

/// <summary><c>tbptt ls</c>: the runs of a run store or of a cluster, newest first.</summary>
internal static class ListCommand
{
    internal static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Writes the list.</summary>
    /// <exception cref="ClientException">The cluster cannot be reached.</exception>
    public static async Task<int> RunAsync(ConsoleContext context, ClusterSelection cluster, bool json)
    {
        var (output, error) = (context.Terminal.Out, context.Terminal.Error);
        var runs = await ReadAsync(context, cluster);
        if (json)
        {
            output.WriteLine(new JsonArray([.. runs.Select(run => run.ToJson())]).ToJsonString(Json));
            return ExitCode.Completed;
        }

        if (runs.Count == 0)
        {
            error.WriteLine($"tbptt: no runs in {(cluster.IsNamed ? "the cluster" : Path.GetFullPath(cluster.Runs))}");
            return ExitCode.Completed;
        }

        string[] tags = [.. runs.Select(run => string.Join(' ', run.ReadNotes().Tags))];
        bool tagged = tags.Any(one => one.Length > 0);
        var table = new TextTable([
            "RUN", "STATE", "EPOCH", "STEP", "EPOCH LOSS", "BEST VALIDATION", "CHECKPOINT", "PRIORITY", "STARTED", "DURATION",
            .. tagged ? (string[])["TAGS"] : [], "NOTE",
        ]);
        foreach (var (run, words) in runs.Zip(tags))
        {
            var status = run.Status;
            table.Add([
                status.Id, run.State, $"{status.Epoch}/{status.Epochs}", Text.Count(status.Step),
                FigureOrDash(status.LastEpochLoss), FigureOrDash(status.BestValidationLoss), Checkpoint(status),
                $"{status.Priority}", $"{status.SubmittedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss}", Text.Duration(run.Seconds),
                .. tagged ? (string[])[words.Length > 0 ? words : "-"] : [], Note(run, cluster),
            ]);
        }

        table.Write(output);
        return ExitCode.Completed;
    }

    private static string FigureOrDash(double? figure) => figure is { } value ? Text.Figure(value) : "-";

    /// <summary>The step that the run would continue from; nothing for a completed run, whose model is of its last step.</summary>
    private static string Checkpoint(RunStatus status) =>
        status is { State: not RunState.Completed, CheckpointStep: { } step } ? Text.Count(step) : "-";

    private static async Task<IReadOnlyList<RunInfo>> ReadAsync(ConsoleContext context, ClusterSelection selection)
    {
        if (!selection.IsNamed)
            return new RunFiles(selection.Runs, context.Time).All();
        await using var cluster = await context.Clusters.OpenAsync(selection, CancellationToken.None);
        var statuses = await cluster.Runs.ListAsync().WaitAsync(context.Limits.VersionCheck, context.Time);
        return RunInfo.NewestFirst(statuses.Select(status => RunInfo.Of(status, context.Time.GetUtcNow())));
    }

    private static string Note(RunInfo run, ClusterSelection cluster) => run switch
    {
        { IsInterrupted: true, Status: { Sweep: { } sweep } status } when status.Cluster == sweep =>
            $"tbptt resume {sweep}{cluster.Options}",
        { IsInterrupted: true } => $"tbptt resume {run.Status.Id}{cluster.Options}",
        { IsLost: true } or { Status.State: RunState.Paused } => $"continue with: tbptt resume {run.Status.Id}{cluster.Options}",
        { Status: { HasEnded: false, Warning.Length: > 0 } } => $"WARNING: {run.Status.Warning}",
        { Status.Sweep: { } sweep } => $"trial of {sweep}",
        { Status.Fork: { } fork } => $"fork of {fork}",
        _ => "",
    };
}

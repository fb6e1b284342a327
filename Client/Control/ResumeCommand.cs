using Orleans.Tbptt.Client.Cluster;
using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Specs;
using Orleans.Tbptt.Client.Sweeps;
using Orleans.Tbptt.Client.Train;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Client.Watching;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training;

namespace Orleans.Tbptt.Client.Control;

/// <summary>The arguments of <c>tbptt resume</c>.</summary>
internal sealed record ResumeOptions
{
    /// <summary>Run ID, or any unambiguous part of it.</summary>
    public required string Run { get; init; }

    /// <summary>The run store and the cluster to search.</summary>
    public required ClusterSelection Cluster { get; init; }

    /// <summary>A different number of trainers; null to keep the number.</summary>
    public int? Trainers { get; init; }

    /// <summary><c>key=value</c> pairs that change values of the run's spec.</summary>
    public IReadOnlyList<string> Sets { get; init; } = [];

    /// <summary>Whether the run may restart at step 0 where none of its checkpoints is intact.</summary>
    public bool FromStart { get; init; }

    /// <summary>How many silo processes to start where no silo of the run is alive; null for one.</summary>
    public int? Silos { get; init; }

    /// <summary>How the run is shown when silos are started for it.</summary>
    public OutputMode Output { get; init; }
}

/// <summary><c>tbptt resume</c>: continues a run from its newest checkpoint, on its cluster, or else on silos started for it.</summary>
internal static class ResumeCommand
{
    /// <summary>Resumes the run; where silos are started for it, shows it until it ends.</summary>
    /// <exception cref="ClientException">There is no such run, it cannot be resumed in its state, or its cluster cannot be reached or
    /// started.</exception>
    public static async Task<int> RunAsync(ConsoleContext context, ResumeOptions options)
    {
        if (options is { Trainers: null, FromStart: false, Sets.Count: 0 }
            && await SweepVerbs.ResumeAsync(context, options.Cluster, options.Run, options.Silos, options.Output) is { } resumed)
            return resumed;
        await using var run = await context.Clusters.FindAsync(options.Cluster, options.Run, CancellationToken.None);
        var request = new ResumeRequest(options.Trainers, options.FromStart, ProtocolVersion.Current,
            options.Sets.Count > 0 ? options.Sets : null);
        var output = RunViews.Messages(context.Terminal, options.Output);
        if (options.Trainers is { } trainers && trainers > ShardsOf(run.Info.Status))
        {
            output.WriteLine(
                $"with {Text.Plural(trainers, "trainer")}: if the run has fewer shards, there will be as many, and the result matches "
                + "within rounding, not to the bit; with train.sync.mode local it differs");
        }

        if (run.Cluster is null)
            return await OnLocalSilosAsync(context, options, run.Info, request);
        if (options.Silos is not null)
            throw new ClientException(
                $"--silos: run {run.Id} belongs to {run.Cluster.Name}, whose silos are alive; omit --silos", ExitCode.Usage);

        var status = await new RunControl(context, run).ResumeAsync(request);
        output.WriteLine($"run {run.Id} is {RunInfo.Of(status, context.Time.GetUtcNow()).State} at step {Text.Count(status.Step)}");
        output.WriteLine($"attach with: {run.Command("attach")}");
        return ExitCode.Completed;
    }

    /// <summary>A trainer of a former release had one shard.</summary>
    private static int ShardsOf(RunStatus status) => status.Shards > 0 ? status.Shards : status.Trainers.Count;

    private static Task<int> OnLocalSilosAsync(ConsoleContext context, ResumeOptions options, RunInfo known, ResumeRequest request)
    {
        var (run, status) = (known.Directory.Id, known.Status);
        if (status.State == RunState.Diverged)
            throw new ClientException($"run {run} cannot be resumed: it has {Outcome.Line(status)}", ExitCode.Failed);
        if (status.State == RunState.Completed && options.Sets.Count == 0)
            throw new ClientException(
                $"run {run} cannot be resumed: it has {Outcome.Line(status)}; to train it further: tbptt resume {run} " +
                $"{SpecRevision.ToTrainFurther(status)}{options.Cluster.Options}", ExitCode.Failed);
        if (IsTrainedElsewhere(known))
            throw new ClientException(
                $"run {run} is {known.State} in cluster {Text.OneLine(status.Cluster)}, last heard of at " +
                $"{status.UpdatedAt.UtcDateTime:HH:mm:ss} UTC; "
                + "name that cluster with --cluster, or wait until the run is listed as lost",
                ExitCode.Unreachable);
        var plan = new ClusterPlan(Path.GetFullPath(options.Cluster.Runs), run, options.Silos
            ?? 1, Detached: false) { Telemetry = context.TelemetryOfSilos };
        CheckSpec(context, known, options.Sets);
        RunViews.Messages(context.Terminal, options.Output).WriteLine(
            $"no silo of run {run} is alive; starting {Text.Plural(plan.Silos, "silo")} for it; Ctrl-C stops the run");
        return new LocalTraining(context, plan, options.Output, ResumeAsync, options.Cluster.Options).RunAsync();

        async Task ResumeAsync(IRunService runs) => RunControl.ThrowIfRefused(run, "resumed", await runs.ResumeAsync(run, request));
    }

    /// <summary>Refuses, before anything starts, a change of the spec that cannot be made, and a device that this machine lacks.</summary>
    private static void CheckSpec(ConsoleContext context, RunInfo run, IReadOnlyList<string> sets)
    {
        var (directory, status) = (run.Directory, run.Status);
        // A spec that is missing or damaged is the silos' affair: they say what can be done.
        if (!File.Exists(directory.Spec))
            return;
        var text = new SpecText(File.ReadAllText(directory.Spec), directory.Spec, directory.Path) { Sets = sets };
        var document = sets.Count > 0 ? SpecRevision.Read(text, status) : SpecLoader.Parse(text, filesMustExist: false);
        if (document.Spec is { } spec)
            DeviceCheck.Check(context.CountGpus, document, spec);
        else if (sets.Count > 0)
            throw new SpecException(document.Problems);
    }

    /// <summary>Whether a cluster that this command line does not select may be training the run; two clusters must not train it.</summary>
    private static bool IsTrainedElsewhere(RunInfo run) =>
        run.Status.Cluster.Length > 0 && run.Status.Cluster != run.Status.Id
        && run.Status.State is RunState.Starting or RunState.Running or RunState.Queued && run.Now
            - run.Status.UpdatedAt <= RunInfo.Silence;
}

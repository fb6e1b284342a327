using System.Security.Cryptography;
using Orleans.Tbptt.Client.Cluster;
using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Client.Watching;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Sweeps;
using Orleans.Tbptt.Training;

namespace Orleans.Tbptt.Client.Sweeps;

/// <summary>The arguments of <c>tbptt sweep</c>.</summary>
internal sealed record SweepOptions
{
    /// <summary>The sweep's file.</summary>
    public required string Sweep { get; init; }

    /// <summary><c>key=value</c> pairs that override values of the spec.</summary>
    public IReadOnlyList<string> Sets { get; init; } = [];

    /// <summary>How many silo processes.</summary>
    public int Silos { get; init; } = 1;

    /// <summary>How the sweep is shown.</summary>
    public OutputMode Output { get; init; }

    /// <summary>The run store, and the cluster to join; where none is named, silos are started.</summary>
    public required ClusterSelection Cluster { get; init; }

    /// <summary>The sweep's ID; null for one made of its name and the time.</summary>
    public RunId? Id { get; init; }

    /// <summary>Whether to return when the sweep has been submitted.</summary>
    public bool Detach { get; init; }

    /// <summary>Priority of its runs in the queue for slots, higher first; −100 to 100.</summary>
    public int Priority { get; init; }
}

/// <summary><c>tbptt sweep</c>: searches values of a spec's keys, on local silos or on an existing cluster.</summary>
internal static class SweepCommand
{
    /// <summary>Searches, and returns the exit code.</summary>
    /// <exception cref="SpecException">The sweep, its spec or the data have problems; nothing was started.</exception>
    /// <exception cref="ClientException">The cluster cannot be started or reached.</exception>
    public static async Task<int> RunAsync(ConsoleContext context, SweepOptions options)
    {
        var document = new SweepReader(SpecLoader.Reader).Load(options.Sweep, options.Sets);
        if (document.Spec is not { } spec)
            throw new SpecException(document.Problems);
        var id = options.Id ?? RunId.Create(spec.Name, context.Time.GetUtcNow(), RandomNumberGenerator.GetInt32(1 << 16));
        var request = new SweepRequest(id, document.Written, options.Priority, ProtocolVersion.Current);
        if (options.Cluster.IsNamed)
            return await OnClusterAsync(context, options, request);

        if (Directory.Exists(new SweepDirectory(options.Cluster.Runs, id).Path)
            || Directory.Exists(new RunDirectory(options.Cluster.Runs, id).Path))
        {
            throw new ClientException(
                $"--id: found {id} in {options.Cluster.Runs}, expected an ID that no run and no sweep has; name another, or continue it " +
                $"with: tbptt resume {id}{options.Cluster.Options}", ExitCode.BadSpec);
        }

        // The data are opened here, too, so that nothing is started for data that do not fit.
        context.Checker.Check(spec.Base);
        var plan = Plan(context, options.Cluster, id, options.Silos) with { Detached = options.Detach };
        var local = new LocalSweep(context, plan, options.Output, options.Cluster.Options);
        return options.Detach ? await local.DetachAsync(sweeps => SubmitAsync(sweeps, request))
            : await local.RunAsync(sweeps => SubmitAsync(sweeps, request));
    }

    /// <summary>Prints the commands for a sweep that continues without this console.</summary>
    public static void WriteVerbs(TextWriter output, RunId sweep, string options)
    {
        output.WriteLine($"look   tbptt show {sweep}{options}");
        output.WriteLine($"watch  tbptt attach {sweep}{options}");
        output.WriteLine($"end    tbptt stop {sweep}{options}");
    }

    /// <summary>The silos to start for a sweep.</summary>
    public static ClusterPlan Plan(ConsoleContext context, ClusterSelection cluster, RunId sweep, int silos) =>
        new(Path.GetFullPath(cluster.Runs), sweep, silos, Detached: false) { IsSweep = true, Telemetry = context.TelemetryOfSilos };

    private static async Task SubmitAsync(ISweepService sweeps, SweepRequest request)
    {
        var reply = await sweeps.SubmitAsync(request);
        if (reply.Problems.Count > 0)
            throw new SpecException(reply.Problems);
    }

    private static async Task<int> OnClusterAsync(ConsoleContext context, SweepOptions options, SweepRequest request)
    {
        await using var cluster = await context.Clusters.OpenAsync(options.Cluster, CancellationToken.None);
        await SubmitAsync(cluster.Sweeps, request);
        if (options.Detach)
        {
            var output = RunViews.Messages(context.Terminal, options.Output);
            output.WriteLine($"sweep  {request.Sweep}");
            WriteVerbs(output, request.Sweep, options.Cluster.Options);
            return ExitCode.Completed;
        }

        return await FollowAsync(context, cluster.Sweeps, request.Sweep, options.Output, options.Cluster.Options);
    }

    /// <summary>Follows a sweep on a cluster until it ends, or the user detaches.</summary>
    public static async Task<int> FollowAsync(
        ConsoleContext context, ISweepService sweeps, RunId sweep, OutputMode mode, string options, bool fromNow = false)
    {
        var output = RunViews.Messages(context.Terminal, mode);
        output.WriteLine($"sweep {sweep}; Ctrl-C detaches, the sweep continues");
        var interruption = context.Interruption;
        interruption.Listen();
        try
        {
            var status = await ReaderWatch.RunWhileReadAsync(
                context, () => new SweepWatch(context, sweeps, sweep, output, fromNow).WatchAsync(interruption.Token));
            return SweepEnd.Write(status, context.Terminal, mode, options);
        }
        catch (OperationCanceledException) when (interruption.Token.IsCancellationRequested)
        {
            output.WriteLine($"detached; sweep {sweep} continues; attach again with: tbptt attach {Text.OneLine(sweep.Text)}{options}");
            return interruption.ExitCode;
        }
    }
}

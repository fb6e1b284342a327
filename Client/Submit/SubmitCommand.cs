using System.Security.Cryptography;
using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Client.Submit;

/// <summary>The arguments of <c>tbptt submit</c>.</summary>
internal sealed record SubmitOptions
{
    /// <summary>The spec's file.</summary>
    public required string Spec { get; init; }

    /// <summary><c>key=value</c> pairs that override values of the file.</summary>
    public IReadOnlyList<string> Sets { get; init; } = [];

    /// <summary>The cluster.</summary>
    public required ClusterSelection Cluster { get; init; }

    /// <summary>The run ID; null to derive it from the spec's name and the time.</summary>
    public RunId? Id { get; init; }

    /// <summary>Priority in the queue for slots, higher first; −100 to 100.</summary>
    public int Priority { get; init; }
}

/// <summary><c>tbptt submit</c>: submits a run to a cluster, and returns.</summary>
internal static class SubmitCommand
{
    /// <summary>Submits the run, and prints the command that attaches to it.</summary>
    /// <exception cref="SpecException">The spec has problems, or its ID belongs to another run; nothing was started.</exception>
    /// <exception cref="ClientException">The cluster cannot be reached.</exception>
    public static async Task<int> RunAsync(ConsoleContext context, SubmitOptions options)
    {
        var document = context.Checker.Read(options.Spec, options.Sets);
        var cluster = await context.Clusters.OpenAsync(options.Cluster, CancellationToken.None);
        var (run, reply) = await SendAsync(context, cluster, document, options, CancellationToken.None);
        await using (run)
        {
            var output = context.Terminal.Out;
            if (reply.Reattached)
                output.WriteLine("run already exists: reattached");
            output.WriteLine($"run     {run.Id}");
            output.WriteLine($"files   {reply.Directory}");
            output.WriteLine($"attach  {run.Command("attach")}");
            return ExitCode.Completed;
        }
    }

    /// <summary>Submits to a cluster; the returned run owns the connection.</summary>
    /// <exception cref="SpecException">The cluster refuses the run.</exception>
    /// <exception cref="ClientException">The cluster stopped answering.</exception>
    public static async Task<(FoundRun Run, SubmitReply Reply)> SendAsync(
        ConsoleContext context, OpenCluster cluster, SpecDocument document, SubmitOptions options, CancellationToken cancellation)
    {
        try
        {
            var spec = document.Spec!;
            var now = context.Time.GetUtcNow();
            var run = options.Id ?? RunId.Create(spec.Name, now, RandomNumberGenerator.GetInt32(1 << 16));
            var reply = await new Submission(cluster.Runs, cluster.Name, context.Time, context.Limits)
                .SendAsync(new(run, document.Written, options.Priority, ProtocolVersion.Current), document, cancellation);
            var status = new RunStatus
            {
                Id = run.Text, Name = spec.Name, State = RunState.Starting, Epochs = spec.Train.Epochs, Directory = reply.Directory,
                SubmittedAt = now, UpdatedAt = now,
            };
            return (new(RunInfo.Of(status, now), cluster, options.Cluster), reply);
        }
        catch (Exception)
        {
            await cluster.DisposeAsync();
            throw;
        }
    }
}

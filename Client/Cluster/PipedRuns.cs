using System.Collections.Concurrent;
using Orleans.Tbptt.Client.Watching;
using Orleans.Tbptt.Cluster.Local;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Client.Cluster;

/// <summary>
/// The grains of a cluster that this console started, reached through the pipes to its silos. Every call goes to the first silo that is
/// alive and answers; calls to one that ends fail at once. A frozen silo is alive and does not answer: a quick question without a reply
/// in time makes all later calls go to another silo. What pipes do not carry takes an Orleans client, which is opened when it is first
/// needed.
/// </summary>
/// <param name="silos">The silos.</param>
/// <param name="connect">Opens an Orleans client.</param>
/// <param name="time">The clock.</param>
internal sealed class PipedRuns(IReadOnlyList<ILocalSilo> silos, Func<Task<ClusterConnection>> connect, TimeProvider time)
    : IRunService, IAsyncDisposable
{
    /// <summary>Longer than a silo holds a question for events back, and shorter than a watcher waits before it asks again.</summary>
    internal static readonly TimeSpan QuickAnswer = TimeSpan.FromSeconds(3);

    private readonly Lazy<Task<ClusterConnection>> _client = new(connect);
    private readonly ConcurrentDictionary<ILocalSilo, bool> _silent = new();

    /// <summary>The grains of sweeps, reached by an Orleans client.</summary>
    public ISweepService Sweeps => new GrainSweepService(async () => (await _client.Value).Grains);

    /// <inheritdoc/>
    public async Task<ClusterReport> DescribeAsync() =>
        (await AskAsync(new() { Id = 0, Question = LocalQuestion.Describe })).Version is { } version
            ? new(version.ClusterId, version.Product, version.Protocol, [])
            : throw new IOException("the silo's reply has no version");

    /// <inheritdoc/>
    public async Task<IReadOnlyList<RunStatus>> ListAsync() => await (await Client()).ListAsync();

    /// <inheritdoc/>
    public async Task<SubmitReply> SubmitAsync(SubmitRequest request)
    {
        // The pipe carries no priority: a run on its own silos has no other run to wait for.
        var spec = request.Spec;
        var reply = await AskAsync(new()
        {
            Id = 0, Question = LocalQuestion.Submit, Run = request.Run.Text, Protocol = request.Protocol,
            Spec = new(spec.Text, spec.FileName, spec.Directory, spec.Sets),
        });
        return Submitted(reply);
    }

    /// <inheritdoc/>
    public async Task<SubmitReply> ForkAsync(ForkRequest request) => Submitted(await AskAsync(new()
    {
        Id = 0, Question = LocalQuestion.Fork, Run = request.Run.Text, Protocol = request.Protocol,
        Fork = new(request.Parent.Text, request.Step, request.Sets),
    }));

    /// <inheritdoc/>
    public async Task<EventPage> ReadEventsAsync(RunId run, long after, int limit)
    {
        var reply = await AskAsync(new() { Id = 0, Question = LocalQuestion.ReadEvents, Run = run.Text, After = after, Limit = limit });
        return new(reply.Lines ?? [], reply.Last) { IsEnd = reply.IsEnd };
    }

    /// <inheritdoc/>
    public async Task<RunStatus> GetStatusAsync(RunId run)
    {
        var reply = await AskAsync(new() { Id = 0, Question = LocalQuestion.GetStatus, Run = run.Text });
        return RunJson.ReadStatus(reply.Status ?? "") with { Id = run.Text };
    }

    /// <inheritdoc/>
    public Task StopAsync(RunId run, string reason) =>
        AskAsync(new() { Id = 0, Question = LocalQuestion.Stop, Run = run.Text, Reason = reason });

    /// <inheritdoc/>
    public async Task<ControlReply> PauseAsync(RunId run, string reason) => await (await Client()).PauseAsync(run, reason);

    /// <inheritdoc/>
    public async Task<ControlReply> ResizeAsync(RunId run, ResizeRequest request) => await (await Client()).ResizeAsync(run, request);

    /// <inheritdoc/>
    public async Task<AuditReply> AuditAsync(RunId run, AuditRequest request) => await (await Client()).AuditAsync(run, request);

    /// <inheritdoc/>
    public async Task<ControlReply> ResumeAsync(RunId run, ResumeRequest request)
    {
        var reply = await AskAsync(new()
        {
            Id = 0, Question = LocalQuestion.Resume, Run = run.Text, Protocol = request.Protocol,
            Resumption = new(request.Trainers, request.FromStart, request.Sets ?? []),
        });
        return new(reply.Problem ?? "", RunJson.ReadStatus(reply.Status ?? "") with { Id = run.Text });
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_client.IsValueCreated)
            return;
        try
        {
            await (await _client.Value).DisposeAsync();
        }
        catch (Exception exception) when (exception is ClientException or OperationCanceledException)
        {
            // It was never open; the caller has seen why.
        }
    }

    private static SubmitReply Submitted(LocalReply reply) => new(
        [.. (reply.Problems ?? []).Select(one =>
            new SpecProblem(one.Key, one.Found, one.Expected, one.Remedy) { Location = one.Location })],
        reply.Directory ?? "", reply.Reattached);

    private async Task<IRunService> Client() => (await _client.Value).Runs;

    private async Task<LocalReply> AskAsync(LocalCall call)
    {
        ILocalSilo[] alive = [.. silos.Where(one => !one.Exited.IsCompleted)];
        var silo = alive.FirstOrDefault(one => !_silent.ContainsKey(one)) ?? alive.FirstOrDefault()
            ?? throw new IOException("no silo is left");
        var asked = silo.AskAsync(call);
        LocalReply reply;
        try
        {
            // A submission hashes data and a stop waits for the run: only these two questions have to be answered soon.
            reply = await (call.Question is LocalQuestion.ReadEvents or LocalQuestion.GetStatus ? asked.WaitAsync(QuickAnswer, time)
                : asked);
        }
        catch (TimeoutException)
        {
            _silent[silo] = true;
            _ = asked.ContinueWith(
                _ => _silent.TryRemove(silo, out bool _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
            throw;
        }

        return reply.Error is not { } error ? reply
            : throw (reply.RunNotFound ? new RunNotFoundException(call.Run ?? "") : new IOException(error));
    }
}

using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Client.Watching;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Protocol;

namespace Orleans.Tbptt.Client.Models.Bulk;

/// <summary>
/// Computes blocks on the silos of a cluster, as many on each as it has free slots, at least one. Looks at the silos again and again:
/// blocks of one that does not answer are computed elsewhere, and one that joins gets blocks. A block that is computed twice has the same
/// bits, so that no answer can come too late.
/// </summary>
internal sealed class ClusterBlocks : IBlockComputer, IAsyncDisposable
{
    private const int MostFailures = 5, MostLosses = 8, MostDoublings = 5;

    private readonly Lock _gate = new();
    private readonly LinkedList<Job> _waiting = [];
    private readonly HashSet<Job> _open = [];
    private readonly Dictionary<string, SiloBlocks> _silos = [];
    private readonly OpenCluster _cluster;
    private readonly ForecastModel _model;
    private readonly TimeProvider _time;
    private readonly WatchLimits _limits;
    private readonly CancellationTokenSource _end = new();
    private readonly Task _looking;
    private ClientException? _failure;

    /// <summary>Begins to look at the silos.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="model">The model, which each silo gets once.</param>
    /// <param name="time">The clock.</param>
    /// <param name="limits">Timeouts and retry intervals.</param>
    /// <exception cref="ClientException">No silo has a slot.</exception>
    public ClusterBlocks(OpenCluster cluster, ForecastModel model, TimeProvider time, WatchLimits limits)
    {
        (_cluster, _model, _time, _limits) = (cluster, model, time, limits);
        Slots = cluster.Report.Silos.Sum(SiloBlocks.Room);
        if (Slots == 0)
        {
            throw new ClientException(
                $"{cluster.Name}: found no silo with a slot, expected one; start one with 'tbptt-silo', or forecast without --cluster",
                ExitCode.Unreachable);
        }

        See(cluster.Report.Silos);
        _looking = LookAsync();
    }

    /// <inheritdoc/>
    public int Slots { get; }

    /// <inheritdoc/>
    public Task<ForecastReply> ComputeAsync(ForecastBlock block, CancellationToken cancellation)
    {
        var job = new Job(block);
        lock (_gate)
        {
            if (_failure is not null)
                return Task.FromException<ForecastReply>(_failure);
            _open.Add(job);
            _waiting.AddLast(job);
        }

        Start();
        return job.Done.Task.WaitAsync(cancellation);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _looking;
        _end.Dispose();
    }

    /// <summary>Looks at the silos until the end; gives up where none has answered for a long time.</summary>
    private async Task LookAsync()
    {
        long seen = _time.GetTimestamp();
        string found = "no silo with a slot has answered";
        while (!_end.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(_limits.Poll, _time, _end.Token);
                var report = await _cluster.Runs.DescribeAsync().WaitAsync(_limits.Answer, _time, _end.Token);
                See(report.Silos);
                if (report.Silos.Any(SiloBlocks.Takes))
                    seen = _time.GetTimestamp();
            }
#pragma warning disable CA1031 // However a look fails, the next one may not.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                found = Text.OneLine(exception.Message);
            }

            if (_time.GetElapsedTime(seen) > _limits.Unreachable && !_end.IsCancellationRequested)
            {
                Fail(new(
                    $"{_cluster.Name}: found nobody to compute for {_limits.Unreachable.TotalSeconds:0} s ({found}), expected a silo with "
                    + "a slot; start one with 'tbptt-silo', or forecast without --cluster", ExitCode.Unreachable));
            }
        }
    }

    private void See(IReadOnlyList<SiloReport> reports)
    {
        lock (_gate)
        {
            // A silo that is lost may have been the gateway of any call, and clients get no notice: all are made once more.
            if (_silos.Keys.Any(address => reports.All(report => report.Address != address)))
            {
                foreach (var silo in _silos.Values)
                    silo.Lose();
                _silos.Clear();
            }

            foreach (var report in reports)
            {
                if (_silos.TryGetValue(report.Address, out var known))
                    known.Limit = SiloBlocks.Room(report);
                else
                    _silos.Add(report.Address, new(report));
            }
        }

        Start();
    }

    /// <summary>Sends what waits to the silos that have room, the one with most of it first.</summary>
    private void Start()
    {
        lock (_gate)
        {
            while (!_end.IsCancellationRequested && _waiting.First is { } first
                && _silos.Values.Where(silo => silo.Free > 0).MaxBy(silo => silo.Free) is { } silo)
            {
                _waiting.RemoveFirst();
                silo.Sent++;
                _ = SendAsync(silo, first.Value);
            }
        }
    }

    private async Task SendAsync(SiloBlocks silo, Job job)
    {
        try
        {
            var reply = await AskAsync(silo, job);
            lock (_gate)
                _open.Remove(job);
            job.Done.TrySetResult(reply);
        }
        catch (ClientException exception)
        {
            Fail(exception);
        }
#pragma warning disable CA1031 // Calls to a silo that is lost fail in many ways.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            TryElsewhere(silo, job, exception);
        }
        finally
        {
            lock (_gate)
                silo.Sent--;
            Start();
        }
    }

    private async Task<ForecastReply> AskAsync(SiloBlocks silo, Job job)
    {
        // A block that was not answered may have been on a slow line: the next time it gets twice as long.
        var patience = _limits.Block * (1 << Math.Min(job.Losses, MostDoublings));
        while (true)
        {
            int loads = silo.Loads;
            var reply = await silo.AnswerOfAsync(_cluster.Forecasts.ComputeAsync(silo.Address, job.Block), _time, patience);
            if (!reply.LacksModel)
                return reply;
            string problem = await silo.AnswerOfAsync(
                silo.LoadAsync(loads, () => _cluster.Forecasts.LoadAsync(silo.Address, _model)), _time, _limits.Model);
            if (problem.Length > 0)
                throw new ClientException($"silo {Text.OneLine(silo.Name)}: {Text.OneLine(problem)}", ExitCode.Failed);
        }
    }

    /// <summary>Has a block computed again; its silo gets none until the next look, which says whether it is there.</summary>
    private void TryElsewhere(SiloBlocks silo, Job job, Exception exception)
    {
        bool isOwnFault = !silo.IsLost && exception is not (OrleansException or TimeoutException);
        lock (_gate)
        {
            silo.Limit = 0;
            if (_failure is null)
                _waiting.AddFirst(job);
        }

        if (isOwnFault && ++job.Failures == MostFailures)
            Fail(new($"silo {Text.OneLine(silo.Name)}: {Text.OneLine(exception.Message)}", ExitCode.Failed, exception));
        if (!silo.IsLost && exception is TimeoutException && ++job.Losses == MostLosses)
        {
            Fail(new(
                $"silo {Text.OneLine(silo.Name)}: found no answer to a block of forecasts, the last of {MostLosses} times within "
                + $"{(_limits.Block * (1 << MostDoublings)).TotalSeconds:0} s, expected one; forecast nearer to the silos, or without "
                + "--cluster", ExitCode.Unreachable, exception));
        }
    }

    private void Fail(ClientException failure)
    {
        List<Job> open;
        lock (_gate)
        {
            _failure ??= failure;
            open = [.. _open];
            _open.Clear();
            _waiting.Clear();
        }

        foreach (var job in open)
            job.Done.TrySetException(failure);
    }

    private sealed class Job(ForecastBlock block)
    {
        public ForecastBlock Block => block;

        public int Failures { get; set; }

        /// <summary>How often a silo that lives did not answer it.</summary>
        public int Losses { get; set; }

        public TaskCompletionSource<ForecastReply> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Tbptt.Grains.Steps;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Silos;

/// <summary>
/// Watches over the cluster's runs from every silo: one whose coordinator died has a new one soon, though no client ever asks. Each run is one silo's
/// business at a time, by a hash over the living silos that all of them compute alike.
/// </summary>
internal sealed partial class RunWarden(
    UnendedRuns runs, RunStore store, ClusterView cluster, SiloOccupants occupants, IGrainFactory grains, IOptions<ClusterOptions> options,
    ILocalSiloDetails self, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<RunWarden> logger) : ILifecycleParticipant<ISiloLifecycle>
{
    /// <summary>The time between two rounds.</summary>
    internal static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    /// <summary>How long a trainer may be behind its run's generation: a coordinator that takes over reads data and checkpoints first.</summary>
    internal static readonly TimeSpan OutdatedPatience = TimeSpan.FromMinutes(2);

    private readonly Dictionary<RunId, Task> _tending = [];
    private readonly Dictionary<GrainId, (int Generation, long Since)> _outdated = [];

    /// <inheritdoc/>
    public void Participate(ISiloLifecycle observer) => observer.Subscribe(
        nameof(RunWarden), ServiceLifecycleStage.Active,
        _ =>
        {
            Task.Run(Watch, CancellationToken.None).Ignore();
            return Task.CompletedTask;
        });

    private async Task Watch()
    {
        using var timer = new PeriodicTimer(Period, time);
        try
        {
            while (await timer.WaitForNextTickAsync(lifetime.ApplicationStopping))
            {
                try
                {
                    Round();
                }
#pragma warning disable CA1031 // The run store is out of reach, or whatever else: the next round tries again.
                catch (Exception e)
#pragma warning restore CA1031
                {
                    LogUnreadable(logger, e);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The silo ends.
        }
    }

    private void Round()
    {
        ReleaseOutdated();
        var silos = cluster.Active;
        var unended = runs.Of(options.Value.ClusterId);
        foreach (var run in _tending.Keys.Except(unended).ToList())
            _tending.Remove(run);
        foreach (var run in unended)
        {
            if (!Responsible(run, silos).Equals(self.SiloAddress) || (_tending.TryGetValue(run, out var former) && !former.IsCompleted))
                continue;

            // A silo that is about to end still sees to its runs, which the others leave to it, but on another silo.
            if (!occupants.IsLeaving)
                _tending[run] = Tend(run, self.SiloAddress);
            else if (silos.Count > 1)
                _tending[run] = Tend(run, Responsible(run, [.. silos.Where(silo => !silo.Equals(self.SiloAddress))]));
        }
    }

    private async Task Tend(RunId run, SiloAddress where)
    {
        try
        {
            await TrainerPlacement.CallOn(where, () => grains.GetGrain<ICoordinatorGrain>(run.Text).Tend());
        }
#pragma warning disable CA1031 // Its silo is dying, or the directory out of reach: the next round tries again.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogUntended(logger, e, run);
        }
    }

    /// <summary>
    /// Sends trainers away whose run has had a newer generation for a while that wants nothing of them: their coordinator is gone, or has put others in their
    /// place.
    /// </summary>
    private void ReleaseOutdated()
    {
        var trainers = occupants.Trainers;
        foreach (var gone in _outdated.Keys.Except(trainers.Select(trainer => trainer.Key)).ToList())
            _outdated.Remove(gone);
        foreach (var trainer in trainers)
        {
            if (store.IsNewest(trainer.Trainer.Run, trainer.Generation))
            {
                _outdated.Remove(trainer.Key);
            }
            else if (!_outdated.TryGetValue(trainer.Key, out var outdated) || outdated.Generation != trainer.Generation)
            {
                _outdated[trainer.Key] = (trainer.Generation, time.GetTimestamp());
            }
            else if (time.GetElapsedTime(outdated.Since) > OutdatedPatience)
            {
                _outdated.Remove(trainer.Key);
                grains.GetGrain<ITrainerGrain>(trainer.Key).Release(int.MaxValue).Ignore();
            }
        }
    }

    /// <summary>Highest random weight: when a silo goes, only its runs change hands.</summary>
    private static SiloAddress Responsible(RunId run, IReadOnlyList<SiloAddress> silos) =>
        silos.MaxBy(silo => (Hash($"{run.Text}\n{silo.ToParsableString()}"), silo.ToParsableString()))!;

    private static ulong Hash(string text)
    {
        // FNV-1a: any hash will do that all processes compute alike.
        ulong hash = 14695981039346656037;
        foreach (char character in text)
            hash = unchecked((hash ^ character) * 1099511628211);
        return Numerics.CounterRandom.Mix(hash);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The runs of the run store cannot be looked after just now")]
    private static partial void LogUnreadable(ILogger logger, Exception exception);

    [LoggerMessage(Level = LogLevel.Information, Message = "Run {Run} could not be tended, trying again")]
    private static partial void LogUntended(ILogger logger, Exception exception, RunId run);
}

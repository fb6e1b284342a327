using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Runs;

/// <summary>
/// Supervises the cluster's runs and sweeps from every silo: a run whose coordinator died gets a new one soon, although no client asks.
/// Each is supervised by one silo at a time, chosen by a hash over the living silos that all of them compute alike.
/// </summary>
internal sealed partial class RunSupervisor(
    RunStore store, ClusterView cluster, SiloOccupants occupants, IGrainFactory grains, ILocalSiloDetails self,
    IHostApplicationLifetime lifetime,
    TimeProvider time, ILogger<RunSupervisor> logger) : ILifecycleParticipant<ISiloLifecycle>
{
    /// <summary>The time between two rounds.</summary>
    internal static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long a trainer may be behind its run's generation: a coordinator that takes over reads data and checkpoints first.
    /// </summary>
    internal static readonly TimeSpan OutdatedPatience = TimeSpan.FromMinutes(2);

    /// <summary>
    /// The same where the run is trained under a newer generation already: whom that uses, it has called.
    /// </summary>
    internal static readonly TimeSpan UnusedPatience = TimeSpan.FromSeconds(5);

    private readonly UnendedRuns _runs = new(store);
    private readonly Dictionary<Charge, Task> _pending = [];
    private readonly Dictionary<GrainId, (int Generation, long Since)> _outdated = [];

    /// <inheritdoc/>
    public void Participate(ISiloLifecycle observer) => observer.Subscribe(
        nameof(RunSupervisor), ServiceLifecycleStage.Active,
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
#pragma warning disable CA1031 // The run store cannot be reached, or anything else: the next round tries again.
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
        Charge[] unended =
        [
            .. _runs.Of(self.ClusterId).Select(run => new Charge(run, IsSweep: false)),
            .. _runs.SweepsOf(self.ClusterId).Select(sweep => new Charge(sweep, IsSweep: true)),
        ];
        foreach (var run in _pending.Keys.Except(unended).ToList())
            _pending.Remove(run);
        foreach (var run in unended)
        {
            if (!Responsible(run.Id, silos).Equals(self.SiloAddress) || (_pending.TryGetValue(run, out var former) && !former.IsCompleted))
                continue;

            // A silo that is about to end still supervises its runs, because the others leave them to it, but places them on another silo.
            if (!occupants.IsLeaving)
                _pending[run] = EnsureRunning(run, self.SiloAddress);
            else if (silos.Count > 1)
                _pending[run] = EnsureRunning(run, Responsible(run.Id, [.. silos.Where(silo => !silo.Equals(self.SiloAddress))]));
        }
    }

    private async Task EnsureRunning(Charge run, SiloAddress where)
    {
        try
        {
            await PlacementHint.CallOn(where, () => run.IsSweep ? grains.GetGrain<ISweepGrain>(run.Id.Text).EnsureRunning()
                : grains.GetGrain<ICoordinatorGrain>(run.Id.Text).EnsureRunning());
        }
#pragma warning disable CA1031 // Its silo is dying, or the directory cannot be reached: the next round tries again.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogNotReached(logger, e, run.Id);
        }
    }

    /// <summary>What is supervised.</summary>
    private readonly record struct Charge(RunId Id, bool IsSweep);

    /// <summary>
    /// Releases trainers, and spares, whose run has had a newer generation for a while that does not use them: their coordinator is gone,
    /// or has replaced them.
    /// </summary>
    private void ReleaseOutdated()
    {
        var trainers = occupants.TrainersAndSpares;
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
            else if (time.GetElapsedTime(outdated.Since) > PatienceWith(trainer))
            {
                _outdated.Remove(trainer.Key);
                grains.GetGrain<ITrainerGrain>(trainer.Key).Release(int.MaxValue).Ignore();
            }
        }
    }

    private TimeSpan PatienceWith(Occupant trainer) =>
        _runs.StatusOf(trainer.Trainer.Run) is { State: RunState.Running, Trainers: { Count: > 0 } placed } status
        && status.Generation > trainer.Generation && placed.All(one => one.State != TrainerState.Placing)
            ? UnusedPatience : OutdatedPatience;

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

    [LoggerMessage(Level = LogLevel.Warning, Message = "The run store cannot be read; trying again")]
    private static partial void LogUnreadable(ILogger logger, Exception exception);

    [LoggerMessage(Level = LogLevel.Information, Message = "The coordinator of run {Run} could not be reached; trying again")]
    private static partial void LogNotReached(ILogger logger, Exception exception, RunId run);
}

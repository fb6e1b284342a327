using System.Collections.Concurrent;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Grains.Trainers;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Transport;

/// <summary>The trainers on this silo, run by run.</summary>
internal sealed class SiloTrainers
{
    private readonly ConcurrentDictionary<RunId, RunTrainers> _runs = [];
    private readonly IGrainFactory _grains;
    private readonly LocalTrainers _local;
    private readonly SiloSelf _self;

    /// <summary>Begins without any; a run's last trainer takes the run's entry with it.</summary>
    public SiloTrainers(IGrainFactory grains, SiloSelf self, SiloOccupants occupants, LocalTrainers local)
    {
        (_grains, _self, _local) = (grains, self, local);
        occupants.LastTrainerLeft += run => _runs.TryRemove(run, out _);
    }

    /// <summary>The trainers of a run.</summary>
    public RunTrainers Of(RunId run) => _runs.GetOrAdd(run, _ => new(_grains, _local, _self.Title));
}

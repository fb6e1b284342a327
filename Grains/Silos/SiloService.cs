using Microsoft.Extensions.Logging;
using Orleans.Runtime.Services;
using Orleans.Services;
using Orleans.Tbptt.Grains.Telemetry;
using Orleans.Tbptt.Protocol;

namespace Orleans.Tbptt.Grains.Silos;

/// <summary>A silo's answer to the others: one on each silo, reached by the silo's address and by no directory.</summary>
[Alias("tbptt.ISiloService")]
internal interface ISiloService : IGrainService
{
    /// <summary>The silo at this moment.</summary>
    [Alias("Report")]
    Task<SiloReport> Report();

    /// <summary>What the silo has used over time.</summary>
    [Alias("Load")]
    Task<SiloLoad> Load();
}

/// <inheritdoc cref="ISiloService"/>
internal sealed class SiloService(
    GrainId id, Runtime.Silo silo, ILoggerFactory loggers, SiloSelf self, TrainingInstruments instruments, LoadSampler load,
    DeviceInstruments devices) : GrainService(id, silo, loggers), ISiloService
{
    public override Task Start()
    {
        instruments.Begin();
        devices.Begin();
        load.Begin();
        return base.Start();
    }

    public Task<SiloReport> Report() => Task.FromResult(self.Report());

    public Task<SiloLoad> Load() => Task.FromResult(load.Read());
}

/// <summary>Reaches the service of a silo.</summary>
internal sealed class SiloServiceClient(IServiceProvider services) : GrainServiceClient<ISiloService>(services)
{
    /// <summary>The service on a silo; calls fail when the silo is dead.</summary>
    public ISiloService On(SiloAddress silo) => GetGrainService(silo);
}

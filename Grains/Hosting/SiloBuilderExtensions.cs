using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Runtime.Hosting;
using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Grains.Steps;
using Orleans.Tbptt.Grains.Transport;
using Orleans.Tbptt.Grains.Checkpoints;
using Orleans.Tbptt.Grains.Placement;
using Orleans.Tbptt.Grains.Runs;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Grains.Telemetry;
using Orleans.Tbptt.Grains.Trainers;
using Orleans.Tbptt.Grains.Transport.Messages;
using Orleans.Tbptt.Grains.Transport.Tcp;
using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Training.Engines;

namespace Orleans.Tbptt.Grains.Hosting;

/// <summary>Adds the trainer's grains to a silo.</summary>
public static class SiloBuilderExtensions
{
    /// <summary>Registers what coordinators, trainers and the catalog need.</summary>
    /// <param name="builder">The silo.</param>
    /// <param name="configure">Sets the run store and the silo's device.</param>
    public static ISiloBuilder AddTbpttGrains(this ISiloBuilder builder, Action<TbpttGrainsOptions> configure)
    {
        builder.Services.AddOptions<TbpttGrainsOptions>()
            .Configure(configure)
            .Validate(options => options.GrainDirectory is not null, $"{nameof(TbpttGrainsOptions.GrainDirectory)} is not set")
            .ValidateOnStart();
        builder.AddGrainDirectory(
            AdoNetGrainDirectory.Name,
            (services, _) => new GuardedGrainDirectory(services.GetRequiredService<IOptions<TbpttGrainsOptions>>().Value.GrainDirectory!));
        builder.AddGrainService<SiloService>();
        builder.AddGrainService<TransportService>();
        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<SiloDrain>();
        services.AddSingleton<SiloPage>();
        services.AddSingleton<SiloOccupants>();
        services.AddSingleton<SiloSelf>();
        services.AddSingleton<SiloServiceClient>();
        services.AddSingleton<LocalTrainers>();
        services.AddSingleton<SiloTrainers>();
        services.AddSingleton<MessagedRuns>();
        services.AddSingleton<TransportClient>();
        services.AddSingleton<TcpCodec>();
        services.AddSingleton<TcpServer>();
        services.AddSingleton<ConnectionListener>();
        services.AddSingleton<ConnectionDialer>();
        services.AddSingleton<LinkServices>();
        services.TryAddSingleton<IChannelSecurity, PlainChannels>();
        services.AddSingleton<ClusterView>();
        services.AddSingleton<MembershipWatch>();
        services.AddMetrics();
        services.AddSingleton<TrainingInstruments>();
        services.AddSingleton<IBufferTraffic>(provider => provider.GetRequiredService<TrainingInstruments>());
        services.AddSingleton<RunStore>();
        services.AddSingleton<CheckpointStore>();
        services.AddSingleton(provider => new DataRoots(provider.GetRequiredService<IOptions<TbpttGrainsOptions>>().Value.DataRoots));
        services.AddSingleton<RunDataCache>();
        services.TryAddSingleton<OpenReplica>(Engine.Open);
        services.AddSingleton<ShardFactory>();
        services.AddSingleton<RunServices>();
        services.AddSingleton<RunSupervisor>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(provider => provider.GetRequiredService<RunSupervisor>());
        return builder;
    }
}

using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.GrainDirectory;
using Orleans.Runtime.Hosting;
using Orleans.Serialization;
using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Grains.Steps;
using Orleans.Tbptt.Grains.Transport;
using Orleans.Tbptt.Grains.Checkpoints;
using Orleans.Tbptt.Grains.Forks;
using Orleans.Tbptt.Grains.Forecasts;
using Orleans.Tbptt.Grains.Placement;
using Orleans.Tbptt.Grains.Runs;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Grains.Silos.Load;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Grains.Sweeps;
using Orleans.Tbptt.Grains.Streams;
using Orleans.Tbptt.Grains.Telemetry;
using Orleans.Tbptt.Grains.Trainers;
using Orleans.Tbptt.Grains.Transport.Messages;
using Orleans.Tbptt.Grains.Transport.Tcp;
using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Training.Engines;

namespace Orleans.Tbptt.Grains.Hosting;

/// <summary>Adds the trainer's grains to a silo.</summary>
public static class SiloBuilderExtensions
{
    /// <summary>
    /// Makes a silo train: registers coordinators, trainers, the catalog and the run store, and sets the silo's sockets and messages up for
    /// steps. Membership is the silo's own affair.
    /// </summary>
    /// <param name="builder">The silo.</param>
    /// <param name="configure">
    /// Sets the run store and what the silo offers. The options are checked when the host starts: an
    /// <see cref="OptionsValidationException"/> names every mistake.
    /// </param>
    public static ISiloBuilder AddTbptt(this ISiloBuilder builder, Action<TbpttGrainsOptions>? configure = null)
    {
        var options = builder.Services.AddOptions<TbpttGrainsOptions>();
        if (configure is not null)
            options.Configure(configure);
        options.ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<TbpttGrainsOptions>, OptionsCheck>();
        // A program that hosts a silo need not be compiled with Orleans' generator, which would name them.
        builder.Services.AddSerializer(serializer =>
            serializer.AddAssembly(typeof(SiloBuilderExtensions).Assembly).AddAssembly(typeof(ICatalogGrain).Assembly));
        builder.UseStepTransport();
        builder.Configure<SiloMessagingOptions>(messages => messages.MaxMessageBodySize = MessageLimits.LargestBody);
        AddDirectory(builder);
        AddGrains(builder);
        return builder;
    }

    private static void AddDirectory(ISiloBuilder builder)
    {
        builder.AddGrainDirectory<IGrainDirectory>(AdoNetGrainDirectory.Name, (services, _) =>
            services.GetRequiredService<IOptions<TbpttGrainsOptions>>().Value.GrainDirectory is { } shared
                ? new GuardedGrainDirectory(shared)
                : new OneSiloDirectory());
        builder.Services.AddSingleton<OnlySilo>();
        builder.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(services => services.GetRequiredService<OnlySilo>());
    }

    private static void AddGrains(ISiloBuilder builder)
    {
        builder.AddGrainService<SiloService>();
        builder.AddGrainService<TransportService>();
        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<SiloDrain>();
        services.AddSingleton<SiloPage>();
        services.AddSingleton<SiloOccupants>();
        services.AddSingleton(provider => new CoordinatedRuns(provider.GetRequiredService<SiloOccupants>()));
        services.TryAddSingleton<FindDevices>(DeviceSelector.ThisMachine);
        services.AddSingleton<SiloDevices>();
        services.TryAddSingleton<ReadGpus>(new GpuMeter().Read);
        services.AddSingleton<SiloSelf>();
        services.AddSingleton<SiloServiceClient>();
        services.AddSingleton<LoadSampler>();
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
        services.AddSingleton(provider =>
        {
            var options = provider.GetRequiredService<IOptions<TbpttGrainsOptions>>().Value;
            return new DataRoots(options.DataRoots) { RunStore = Path.GetFullPath(options.RunsDirectory) };
        });
        services.AddSingleton(provider => new RunDataCache(
            provider.GetRequiredService<DataRoots>(), provider.GetRequiredService<RunStore>().Reader));
        services.TryAddSingleton<OpenReplica>(Engine.Open);
        services.AddSingleton<ShardFactory>();
        services.AddSingleton<RunForker>();
        services.AddSingleton<RunForks>();
        services.AddSingleton<RunServices>();
        services.AddSingleton(provider =>
        {
            var (silo, occupants) = (provider.GetRequiredService<SiloSelf>(), provider.GetRequiredService<SiloOccupants>());
            return new ForecastWorker(
                () => silo.Slots - occupants.UsedSlots, provider.GetRequiredService<SiloDrain>(),
                provider.GetRequiredService<RunStore>().Reader);
        });
        services.AddSingleton<StreamInstruments>();
        services.AddSingleton<DeviceInstruments>();
        services.AddSingleton<ServedModels>();
        services.AddSingleton<StreamWorker>();
        services.AddSingleton<StreamServices>();
        services.AddSingleton(provider => new StreamService(
            provider.GetRequiredService<StreamServices>(), provider.GetRequiredService<IGrainFactory>(),
            provider.GetRequiredService<ISiloStatusOracle>(),
            provider.GetRequiredService<IOptions<SiloMessagingOptions>>().Value.ResponseTimeout));
        services.AddSingleton<SweepStore>();
        services.AddSingleton<SweepServices>();
        services.AddSingleton<RunSupervisor>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(provider => provider.GetRequiredService<RunSupervisor>());
    }
}

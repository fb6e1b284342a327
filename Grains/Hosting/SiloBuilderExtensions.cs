using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Runtime.Hosting;
using Orleans.Tbptt.Grains.Coordinators;
using Orleans.Tbptt.Grains.Placement;
using Orleans.Tbptt.Grains.Hosting;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Grains.Store.Checkpoints;

namespace Orleans.Tbptt.Grains;

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
            AdoNetGrainDirectory.Name, (services, _) => services.GetRequiredService<IOptions<TbpttGrainsOptions>>().Value.GrainDirectory!);
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<RunStore>();
        builder.Services.AddSingleton<CheckpointStore>();
        builder.Services.AddSingleton<RunDataCache>();
        builder.Services.AddSingleton<ShardFactory>();
        builder.Services.AddSingleton<TrainerPlacement>();
        builder.Services.AddSingleton<RunServices>();
        builder.Services.AddSingleton<LostRuns>();
        builder.Services.AddSingleton<SiloDrain>();
        return builder;
    }
}

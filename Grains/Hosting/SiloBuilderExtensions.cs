using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Tbptt.Grains.Coordinators;
using Orleans.Tbptt.Grains.Hosting;
using Orleans.Tbptt.Grains.Store;

namespace Orleans.Tbptt.Grains;

/// <summary>Adds the trainer's grains to a silo.</summary>
public static class SiloBuilderExtensions
{
    /// <summary>Registers what coordinators, trainers and the catalog need.</summary>
    /// <param name="builder">The silo.</param>
    /// <param name="configure">Sets the run store and the silo's device.</param>
    public static ISiloBuilder AddTbpttGrains(this ISiloBuilder builder, Action<TbpttGrainsOptions> configure)
    {
        builder.Services.Configure(configure);
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<RunStore>();
        builder.Services.AddSingleton<RunDataCache>();
        builder.Services.AddSingleton<ShardFactory>();
        builder.Services.AddSingleton<TrainerPlacement>();
        builder.Services.AddSingleton<RunServices>();
        return builder;
    }
}

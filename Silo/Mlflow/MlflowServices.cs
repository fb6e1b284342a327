using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Silo.Configuration;

namespace Orleans.Tbptt.Silo.Mlflow;

/// <summary>Adds the reports to a silo's host.</summary>
internal static class MlflowServices
{
    /// <summary>Reports the runs of this silo to the server of the settings.</summary>
    public static void AddMlflow(this IServiceCollection services, SiloSettings settings)
    {
        services.AddSingleton(provider => new MlflowReports(
            settings, MlflowClient.Of(new(settings.Mlflow.Uri!), settings.Mlflow.Token),
            () => provider.GetRequiredService<CoordinatedRuns>().Now, () => provider.GetRequiredService<CoordinatedRuns>().TakeNew(),
            TimeProvider.System,
            provider.GetRequiredService<ILogger<MlflowReports>>()));
        services.AddHostedService(provider => provider.GetRequiredService<MlflowReports>());
    }

    /// <summary>Sends the last reports of a silo that ends, where it sends any.</summary>
    public static Task FlushMlflowAsync(this IServiceProvider services) =>
        services.GetService<MlflowReports>()?.FlushAsync() ?? Task.CompletedTask;
}

using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Orleans.Tbptt.Silo.Web;

/// <summary>
/// Starts a library's hosted services some seconds after the silo, or with the first request for a page. They serve people who watch, and
/// their start would delay a run's first steps.
/// </summary>
/// <param name="create">Creates the services; they start in this order.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Logs services that cannot be started: the silo works without them.</param>
internal sealed partial class LateStart(Func<IReadOnlyList<IHostedService>> create, TimeProvider time, ILogger<LateStart> logger)
    : IHostedService, IDisposable
{
    /// <summary>The time from the silo's start to theirs, unless a page is requested earlier.</summary>
    public static readonly TimeSpan Delay = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _wanted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<IHostedService> _running = [];
    private Task _started = Task.CompletedTask;

    /// <summary>Takes the hosted services that <paramref name="add"/> registers out of the host's start.</summary>
    public static void Defer(IServiceCollection services, Action add)
    {
        var before = services.ToHashSet();
        add();
        var deferred = services.Where(service => service.ServiceType == typeof(IHostedService) && !before.Contains(service)).ToList();
        foreach (var service in deferred)
            services.Remove(service);
        services.AddSingleton(provider => new LateStart(
            () => [.. deferred.Select(service => Create(service, provider))], provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<LateStart>>()));
        services.AddHostedService(provider => provider.GetRequiredService<LateStart>());
    }

    /// <summary>Starts the services now, because a page was requested.</summary>
    public void Hurry() => _wanted.TrySetResult();

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _started = StartLaterAsync();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await _started.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var service in _running)
            await service.StopAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => _stopping.Dispose();

    private async Task StartLaterAsync()
    {
        try
        {
            await _wanted.Task.WaitAsync(Delay, time, _stopping.Token);
        }
        catch (TimeoutException)
        {
            // No page was requested during the delay.
        }
        catch (OperationCanceledException)
        {
            return;
        }

        try
        {
            foreach (var service in create())
            {
                await service.StartAsync(_stopping.Token);
                _running.Add(service);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The silo ends.
        }
#pragma warning disable CA1031 // Nobody waits for this task: what fails here has to be logged here.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogNotStarted(exception);
        }
    }

    private static IHostedService Create(ServiceDescriptor service, IServiceProvider provider) => (IHostedService)(
        service.ImplementationInstance ?? service.ImplementationFactory?.Invoke(provider)
        ?? ActivatorUtilities.CreateInstance(provider, service.ImplementationType!));

    [LoggerMessage(Level = LogLevel.Error, Message = "A service for the web pages cannot be started; the silo works without it")]
    private partial void LogNotStarted(Exception exception);
}

using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;
using Orleans.Tbptt.Silo.Web;

namespace Orleans.Tbptt.Tests.Silo.Web;

public sealed class LateStartTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly ServiceProvider _host;

    public LateStartTests()
    {
        var services = new ServiceCollection().AddLogging().AddSingleton<TimeProvider>(_time).AddSingleton<Counters>();
        LateStart.Defer(services, () => services.AddHostedService(provider => provider.GetRequiredService<Counters>()));
        _host = services.BuildServiceProvider();
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private Counters Deferred => _host.GetRequiredService<Counters>();

    private IHostedService Host => Assert.Single(_host.GetServices<IHostedService>());

    [Fact]
    public async Task Service_StartsAfterTheDelay_WhenNobodyLooks()
    {
        await Host.StartAsync(CancellationToken.None);
        Assert.False(Deferred.Started.Task.IsCompleted);
        _time.Advance(LateStart.Delay);
        await Deferred.Started.Task;
    }

    [Fact]
    public async Task Service_StartsAtOnce_WhenSomebodyLooks()
    {
        await Host.StartAsync(CancellationToken.None);
        _host.GetRequiredService<LateStart>().Hurry();
        await Deferred.Started.Task;
        await Host.StopAsync(CancellationToken.None);
        Assert.True(Deferred.Stopped);
    }

    [Fact]
    public async Task Service_NeverStarts_WhenTheSiloEndsBefore()
    {
        await Host.StartAsync(CancellationToken.None);
        await Host.StopAsync(CancellationToken.None);
        _time.Advance(LateStart.Delay);
        Assert.False(Deferred.Started.Task.IsCompleted);
        Assert.False(Deferred.Stopped);
    }

    [Fact]
    public async Task Silo_EndsInOrder_WhenAServiceCannotStart()
    {
        var services = new ServiceCollection().AddLogging().AddSingleton<TimeProvider>(_time);
        var broken = new Broken();
        LateStart.Defer(services, () => services.AddSingleton<IHostedService>(broken));
        await using var host = services.BuildServiceProvider();
        var late = Assert.Single(host.GetServices<IHostedService>());
        await late.StartAsync(CancellationToken.None);
        host.GetRequiredService<LateStart>().Hurry();
        await broken.Tried.Task;

        await late.StopAsync(CancellationToken.None);

        Assert.False(broken.Stopped);
    }

    private sealed class Broken : IHostedService
    {
        public TaskCompletionSource Tried { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool Stopped { get; private set; }

        public Task StartAsync(CancellationToken cancellationToken)
        {
            Tried.SetResult();
            throw new InvalidOperationException("it does not start");
        }

        public Task StopAsync(CancellationToken cancellationToken)
        {
            Stopped = true;
            return Task.CompletedTask;
        }
    }

    private sealed class Counters : IHostedService
    {
        public TaskCompletionSource Started { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool Stopped { get; private set; }

        public Task StartAsync(CancellationToken cancellationToken)
        {
            Started.SetResult();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken)
        {
            Stopped = true;
            return Task.CompletedTask;
        }
    }
}

using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Tbptt.Cluster.Clients;
using Orleans.Tbptt.Grains;
using Orleans.Tbptt.Grains.Hosting;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Tests.Support;
using Orleans.TestingHost;

namespace Orleans.Tbptt.Tests.Grains.Hosting;

[Slow]
public sealed class AddTbpttTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("RunsDirectory", "found ' ', expected a directory")]
    [InlineData("Slots", "found -1, expected 0 to 1024")]
    [InlineData("Device", "found 'gpu', expected auto, cpu or cuda:N")]
    [InlineData("DataRoots", "found 'data', expected the absolute path of a directory that exists")]
    public void WrongOption_IsNamed_WithWhatIsExpected(string option, string message)
    {
        var wrong = new TbpttGrainsOptions { RunsDirectory = " ", Slots = -1, Device = new("gpu"), DataRoots = ["data"] };

        var result = new OptionsCheck().Validate(null, wrong);

        Assert.Contains(result.Failures!, failure => failure.StartsWith($"AddTbptt: {option}: {message}", StringComparison.Ordinal));
        Assert.Equal(4, result.Failures!.Count());
    }

    [Fact]
    public async Task WrongOptions_StopTheHost()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.UseOrleans(silo => silo.UseLocalhostClustering().AddTbptt(options => options.Slots = 5000));
        using var host = builder.Build();

        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(Cancellation));

        Assert.Contains("Slots: found 5000", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ASiloAlone_NeedsNoGrainDirectory()
    {
        await using var cluster = Build(1);
        await cluster.DeployAsync(Cancellation);
        var spec = TestSpecs.Average();

        var run = await cluster.Client.TrainAsync(spec, cancellation: Cancellation);
        var steps = new List<double>();
        var status = await run.WaitAsync(
            (step, _) =>
            {
                steps.Add(step.Loss);
                return ValueTask.CompletedTask;
            },
            cancellation: Cancellation);

        Assert.Equal(RunState.Completed, status.State);
        Assert.Equal(Oracle.Of(spec).Steps.Select(step => step.Loss), steps);
    }

    [Fact]
    public async Task ASecondSilo_IsRefused_WithoutASharedGrainDirectory()
    {
        await using var cluster = Build(1);
        await cluster.DeployAsync(Cancellation);

        var refused = await Assert.ThrowsAnyAsync<Exception>(() => cluster.StartAdditionalSiloAsync());

        Assert.Contains("GrainDirectory: found none", $"{refused}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task SilosThatStartTogether_DoNotStay_WithoutASharedGrainDirectory()
    {
        await using var cluster = Build(2);
        var ended = new List<Task>();

        try
        {
            await cluster.DeployAsync(Cancellation);
        }
        catch (Exception error) when ($"{error}".Contains("GrainDirectory: found none", StringComparison.Ordinal))
        {
            // The second one saw the first one as active in time.
            return;
        }

        foreach (var silo in cluster.Silos)
        {
            var stopping = silo.ServiceProvider.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
            var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            stopping.Register(end.SetResult);
            ended.Add(end.Task);
        }

        await Task.WhenAny(ended).WaitAsync(Cancellation);
    }

    public void Dispose() => _directory.Dispose();

    private InProcessTestCluster Build(short silos)
    {
        var builder = new InProcessTestClusterBuilder(silos);
        builder.ConfigureSilo((_, silo) => silo.AddTbptt(options => options.RunsDirectory = _directory.Path));
        return builder.Build();
    }
}

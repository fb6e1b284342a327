using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Support.Servers;

namespace Orleans.Tbptt.Tests.Chaos.Harness;

/// <summary>A test with its own silos, all gone at its end, whatever it was. When it fails, their logs are printed and kept.</summary>
/// <param name="report">Records what its faults cost.</param>
[Slow]
public abstract class ChaosTest(ChaosReport report) : IAsyncDisposable
{
    /// <summary>How long a test may take, in milliseconds.</summary>
    protected const int Limit = 180_000;

    private const int LinesShown = 60;
    private readonly Stack<IAsyncDisposable> _kept = new();
    private Workplace? _workplace;
    private MembershipStore? _membership;

    /// <summary>The directory of the test.</summary>
    private protected Workplace Workplace => _workplace ??= new();

    /// <summary>What faults cost.</summary>
    private protected ChaosReport Costs => report;

    /// <summary>Lets something end with the test: the last one kept ends first.</summary>
    private protected T Keep<T>(T one) where T : class
    {
        _kept.Push(one as IAsyncDisposable ?? new Disposing((IDisposable)one));
        return one;
    }

    /// <summary>Starts silos on a Redis of the test's own.</summary>
    /// <param name="silos">How many.</param>
    /// <param name="arguments">More options of <c>tbptt-silo</c>.</param>
    private protected async Task<ChaosCluster> StartClusterAsync(int silos = 3, params string[] arguments) =>
        await StartClusterAsync(await StartRedisAsync(), silos, arguments);

    /// <summary>Starts silos on a Redis.</summary>
    private protected async Task<ChaosCluster> StartClusterAsync(RedisServer redis, int silos = 3, params string[] arguments) =>
        await StartClusterAsync(new ChaosSetup(Workplace, MembershipStore.Redis(redis), Arguments: arguments), silos);

    /// <summary>Starts silos.</summary>
    private protected async Task<ChaosCluster> StartClusterAsync(ChaosSetup setup, int silos = 3, string id = "chaos", int firstSilo = 0)
    {
        _membership = setup.Membership;
        return Keep(await ChaosCluster.StartAsync(setup, silos, id, firstSilo));
    }

    /// <summary>Starts a Redis of the test's own.</summary>
    private protected async Task<RedisServer> StartRedisAsync() =>
        Keep(await RedisServer.StartAsync(TestContext.Current.CancellationToken));

    /// <summary>Waits until a run has checkpoints and steps after them, and returns where its grains live.</summary>
    private protected static async Task<Whereabouts> InTheMiddleAsync(ChaosCluster cluster, RunRecorder run)
    {
        var checkpoint = await run.Await<CheckpointWritten>("a checkpoint", one => one.Step >= 2 * RecoverySpecs.CheckpointSteps);
        await run.AwaitStep(checkpoint.Step + (RecoverySpecs.CheckpointSteps / 2));
        return await Whereabouts.FindAsync(cluster, run.Id);
    }

    /// <summary>Puts what a fault cost into the report.</summary>
    /// <param name="strike">The fault.</param>
    /// <param name="recorder">The run it was done to.</param>
    /// <param name="struck">The silo that it was done to.</param>
    private protected async Task<Recovery> ReportAsync(Strike strike, RunRecorder recorder, ChaosSilo? struck = null)
    {
        var recovery = Recovery.Of(strike, recorder.Events);
        double? noticed = struck is null ? null : await _membership!.NoticedAfterAsync(strike, struck);
        Costs.Add(new(strike.Fault, recovery.Seconds, recovery.StepsRepeated, noticed));
        return recovery;
    }

    /// <summary>Ends what the test has started.</summary>
    public async ValueTask DisposeAsync()
    {
        List<Exception> trouble = [];
        while (_kept.TryPop(out var one))
        {
            try
            {
                await one.DisposeAsync();
            }
#pragma warning disable CA1031 // Whatever one of them throws, the others have to end, too.
            catch (Exception e)
#pragma warning restore CA1031
            {
                trouble.Add(e);
            }
        }

        if (_workplace is { } workplace)
        {
            if (TestContext.Current.TestState?.Result == TestResult.Failed)
                KeepLogs(workplace);
            workplace.Dispose();
        }

        GC.SuppressFinalize(this);
        if (trouble.Count > 0)
            throw new AggregateException(trouble);
    }

    /// <summary>Prints the ends of all logs, and copies the logs and the run store's small files to where they outlive the test.</summary>
    private static void KeepLogs(Workplace workplace)
    {
        string name = string.Concat((TestContext.Current.TestCase?.TestCaseDisplayName ?? "test")
            .Select(one => char.IsLetterOrDigit(one) ? one : '_'));
        string folder = Path.Combine(ChaosReport.Folder, "failed", name[..Math.Min(name.Length, 120)]);
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        foreach (string file in Directory.EnumerateFiles(workplace.Path, "*", SearchOption.AllDirectories).Where(IsForPeople))
        {
            string copy = Path.Combine(folder, Path.GetRelativePath(workplace.Path, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        var output = TestContext.Current.TestOutputHelper;
        foreach (string log in Directory.EnumerateFiles(workplace.Logs).Order())
            output?.WriteLine($"--- {Path.GetFileName(log)}\n{string.Join('\n', File.ReadLines(log).TakeLast(LinesShown))}");
        output?.WriteLine($"--- all of it: {folder}");
    }

    private static bool IsForPeople(string file) => Path.GetExtension(file) is ".log" or ".json" or ".jsonl" or ".yaml"
        || file.Contains("/generations/", StringComparison.Ordinal);

    private sealed class Disposing(IDisposable one) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            one.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}

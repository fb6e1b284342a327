using Orleans.Tbptt.Data.Bytes;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.Text;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Runs;

/// <summary>Runs that follow their file, on one silo.</summary>
public abstract class FollowedRuns(OneSilo fixture) : IClassFixture<OneSilo>, IDisposable
{
    /// <summary>5 whole chunks of 12 time steps.</summary>
    private protected const int Rows = 61;

    /// <summary>3 more.</summary>
    private protected const int MoreRows = 97;

    private protected GrowingData Data { get; } = new();

    private protected OneSilo Fixture => fixture;

    /// <inheritdoc/>
    public void Dispose()
    {
        Data.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected static RunSpec Following(FinishedRun parent, int idleSeconds = 0)
    {
        RunSpec spec = GrowingData.Following(parent.Directory);
        return spec with { Extends = spec.Extends! with { IdleSeconds = idleSeconds } };
    }

    /// <summary>Appends rows until there are so many.</summary>
    private protected static async Task GrowTo(RunSpec spec, int rows) =>
        await Append(spec, GrowingData.Content(spec, rows)[(await Text(GrowingData.FileOf(spec))).Length..]);

    private protected static Task Append(RunSpec spec, string text) =>
        File.AppendAllTextAsync(GrowingData.FileOf(spec), text, TestContext.Current.CancellationToken);

    /// <summary>The whole chunks in a file as it is.</summary>
    private protected static long StepsIn(RunSpec spec)
    {
        string text = File.ReadAllText(GrowingData.FileOf(spec)), lines = text[..(text.LastIndexOf('\n') + 1)];
        int ended = lines.Count(one => one == '\n');
        int rows = spec.Data.Source switch
        {
            ByteSource or CharacterSource => text.Length,
            WordSource => ended + lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length,
            CsvSource { Series: not null } => (ended - 1) / 3,
            CsvSource => ended - 1,
            _ => ended,
        };
        return (rows - 1) / 12;
    }

    private protected static Task<byte[]> Bytes(string file) => File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);

    private protected static Task<string> Text(string file) => File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);

    private protected static async Task SameResult(FinishedRun all, FinishedRun run)
    {
        Assert.Equal(await Bytes(all.Directory.Model), await Bytes(run.Directory.Model));
        Assert.Equal(await Bytes(all.Directory.Hidden), await Bytes(run.Directory.Hidden));
    }

    /// <summary>A run over the first rows, and one over all of them; the file has the first ones again.</summary>
    private protected async Task<(RunSpec Spec, FinishedRun Parent, FinishedRun All)> Trained(string kind)
    {
        RunSpec spec = Data.Spec(kind, trainers: 1);
        GrowingData.Write(spec, MoreRows);
        var all = await Fixture.Silos.Train(spec);
        GrowingData.Write(spec, Rows);
        return (spec, await Fixture.Silos.Train(spec), all);
    }

    /// <summary>Waits until a run waits for rows, and is as far as it should be.</summary>
    private protected async Task Waiting(RunId run, Func<RunStatus, bool> isThere)
    {
        var coordinator = Fixture.Silos.Grains.GetGrain<ICoordinatorGrain>(run.Text);
        while (await coordinator.GetStatus() is var status
            && !(status.Message.StartsWith("waits for rows", StringComparison.Ordinal) && isThere(status)))
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            Assert.False(status.HasEnded, $"{status.State}: {status.Message}");
            await Task.Yield();
        }
    }

    /// <summary>Stops a run when it has made so many steps.</summary>
    private protected async Task<FinishedRun> Stopped(RunId run, long step, int ends = 1)
    {
        await Waiting(run, status => status.Step == step);
        await Fixture.Silos.Grains.GetGrain<ICoordinatorGrain>(run.Text).StopRun("enough");
        var stopped = await Fixture.Silos.Watch(run, ends);
        Assert.Equal((RunState.Stopped, step), (stopped.End.State, stopped.Status.Step));
        return stopped;
    }
}

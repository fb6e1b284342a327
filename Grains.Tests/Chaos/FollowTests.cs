using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Chaos.Harness;
using Orleans.Tbptt.Tests.Grains.Runs;

namespace Orleans.Tbptt.Tests.Chaos;

/// <summary>A run that follows its file, while rows come and silos go.</summary>
public sealed class FollowTests(ChaosReport report) : ChaosTest(report)
{
    private const int Chunk = 12;

    /// <summary>Rows of the parent, rows before each fault, and all of them: whole chunks each.</summary>
    private static readonly int[] Rows = [61, 181, 301, 421, 601];

    /// <summary>Three series have a trainer each, on silos that read on what has come by themselves.</summary>
    [Theory(Timeout = Limit)]
    [InlineData("csv", 1)]
    [InlineData("series", 3)]
    public async Task FollowedRun_TrainsOnEachRowOnce_WhicheverSilosAreKilled(string kind, int trainers)
    {
        using var data = new GrowingData();
        RunSpec spec = data.Spec(kind, trainers);
        var cluster = await StartClusterAsync(
            new ChaosSetup(Workplace, Harness.MembershipStore.Sqlite(Workplace.File("membership.db"))), silos: 4);
        GrowingData.Write(spec, Rows[^1]);
        var all = await cluster.SubmitAsync(spec);
        await all.AwaitEnd();
        GrowingData.Write(spec, Rows[0]);
        var parent = await cluster.SubmitAsync(spec);
        await parent.AwaitEnd();
        var run = await cluster.SubmitAsync(
            GrowingData.Following(parent.Run) with { Checkpoint = new() { EverySteps = 7, EverySeconds = 0 } });

        await AppendAsync(spec, 1);
        await run.AwaitStep(StepsOf(Rows[1]));
        await WhileRowsComeAsync(2, async () => (await Whereabouts.FindAsync(cluster, run.Id)).Trainers[0].Kill());
        await WhileRowsComeAsync(3, async () => (await Whereabouts.CoordinatorAsync(cluster, run.Id)).Kill());
        await WhileRowsComeAsync(4, async () =>
        {
            await cluster.KillAllAsync();
            await cluster.StartSilosAsync(2);
        });
        await ChaosClient.Ask("the stop", async () =>
        {
            await cluster.Coordinator(run.Id).StopRun("enough");
            return "";
        });
        var end = await run.AwaitEnd();

        Assert.Equal((RunState.Stopped, StepsOf(Rows[^1])), (end.State, end.Step));
        ChaosAssert.Journal(run);
        Assert.Equal(
            all.Events.OfType<StepCommitted>().Select(step => (step.Step, step.Loss, step.GradientNorm)),
            parent.Events.Concat(run.Events).OfType<StepCommitted>().Select(step => (step.Step, step.Loss, step.GradientNorm)));
        foreach (Func<RunDirectory, string> file in new Func<RunDirectory, string>[] { one => one.Model, one => one.Hidden })
            Assert.Equal(Bytes(file(all.Run)), Bytes(file(run.Run)));

        async Task WhileRowsComeAsync(int part, Func<Task> strike)
        {
            var rows = AppendAsync(spec, part);
            await strike();
            await rows;
            await run.AwaitStep(StepsOf(Rows[part]));
        }
    }

    private static long StepsOf(int rows) => (rows - 1) / Chunk;

    private static byte[] Bytes(string file) => File.ReadAllBytes(file);

    /// <summary>Appends rows in pieces that end within rows, as a program does that flushes when its buffer is full.</summary>
    private static async Task AppendAsync(RunSpec spec, int part)
    {
        string rows = GrowingData.Content(spec, Rows[part])[GrowingData.Content(spec, Rows[part - 1]).Length..];
        foreach (char[] piece in rows.Chunk(Math.Max(37, rows.Length / 60)))
        {
            await File.AppendAllTextAsync(GrowingData.FileOf(spec), new string(piece), TestContext.Current.CancellationToken);
            await Task.Delay(TimeSpan.FromMilliseconds(20), TestContext.Current.CancellationToken);
        }
    }
}

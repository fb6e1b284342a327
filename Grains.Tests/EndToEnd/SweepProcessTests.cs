using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Sweeps;
using Orleans.Tbptt.Tests.Grains.Sweeps;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.EndToEnd;

/// <summary>A sweep as users run it: a console with silos of its own.</summary>
[Slow]
public sealed class SweepProcessTests
{
    private const int Killed = 9;

    [Fact]
    public async Task Sweep_DecidesTheSame_WhenItsConsoleAndAllSilosAreKilled_AndItIsResumed()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var directory = new TemporaryDirectory();
        string runs = directory.File("runs"), file = directory.File("sweep.yaml");
        var spec = SweepRuns.Base();
        await File.WriteAllTextAsync(directory.File("base.yaml"), spec.Written().Text, cancellation);
        await File.WriteAllTextAsync(file, SweepRuns.Halving, cancellation);
        var sweep = new SweepDirectory(runs, RunId.Parse("wave"));

        using (var console = ConsoleProcess.Start(runs, "sweep", file, "--id", "wave", "--silos", "2"))
        {
            while (!File.Exists(sweep.Decisions) || sweep.ReadDecisions().Count < 6)
                await Task.Delay(TimeSpan.FromMilliseconds(20), cancellation);
            foreach (int silo in console.Silos())
                ConsoleProcess.Send(silo, Killed);
            console.Signal(Killed);
        }

        Assert.False(sweep.ReadStatus()!.HasEnded);
        var (code, output, error) = await ConsoleProcess.RunToEnd(runs, cancellation, "resume", "wave");

        Assert.Equal((0, ""), (code, error));
        Assert.Contains("best   trial ", output, StringComparison.Ordinal);
        await using var silos = await TestSilos.Start(1);
        await (await silos.SubmitSweep("calm", SweepRuns.Halving, spec)).End();
        Assert.Equal(silos.Decisions("calm"), await File.ReadAllTextAsync(sweep.Decisions, cancellation));
        var (_, list, _) = await ConsoleProcess.RunToEnd(runs, cancellation, "sweeps");
        Assert.Contains("completed  9/9", list, StringComparison.Ordinal);
    }
}

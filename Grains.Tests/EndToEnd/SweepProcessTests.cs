using System.Diagnostics;
using System.Globalization;
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

    [Fact]
    public async Task DetachedSweep_ContinuesWithoutItsConsole_AndItsSilosEndWithIt()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var directory = new TemporaryDirectory();
        string runs = directory.File("runs"), file = directory.File("sweep.yaml");
        await File.WriteAllTextAsync(directory.File("base.yaml"), SweepRuns.Base().Written().Text, cancellation);
        await File.WriteAllTextAsync(file, SweepRuns.Halving, cancellation);

        var (code, output, error) = await ConsoleProcess.RunToEnd(
            runs, cancellation, "sweep", file, "--id", "wave", "--silos", "2", "--detach");

        Assert.Equal((0, ""), (code, error));
        string pids = output.Split('\n').Single(line => line.StartsWith("silos  ", StringComparison.Ordinal))["silos  ".Length..];
        Process[] silos = [.. pids.Split(' ').Select(pid => Process.GetProcessById(int.Parse(pid, CultureInfo.InvariantCulture)))];
        try
        {
            Assert.Equal(2, silos.Length);
            Assert.Contains("watch  tbptt attach wave --runs ", output, StringComparison.Ordinal);
            Assert.Equal((0, "completed\n", ""), await ConsoleProcess.RunToEnd(runs, cancellation, "wait", "wave"));
            foreach (var silo in silos)
                await silo.WaitForExitAsync(cancellation);
        }
        finally
        {
            foreach (var silo in silos)
            {
                silo.Kill();
                silo.Dispose();
            }
        }

        (code, output, _) = await ConsoleProcess.RunToEnd(runs, cancellation, "attach", "wave");
        Assert.Equal(0, code);
        Assert.Contains("best   trial ", output, StringComparison.Ordinal);
    }
}

using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Writing;
using Orleans.Tbptt.Tests.Silo;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.EndToEnd;

/// <summary>Real processes, real sockets, real signals: what a user does, from the console.</summary>
[Collection(Processes.Name)]
public sealed class TrainTests : IDisposable
{
    private const int Interrupt = 2;
    private const int Terminate = 15;
    private readonly TemporaryDirectory _directory = new();

    private string Runs => _directory.File("runs");

    [Fact(Timeout = 120_000)]
    public async Task Train_ShowsEpochsAndFiles_AndLeavesNoProcessBehind()
    {
        var spec = TestSpecs.Average(epochs: 3, validationFraction: 0.2);
        using var console = ConsoleProcess.Start(Runs, "train", Write(spec));

        var (code, output, error) = await console.End(TestContext.Current.CancellationToken);

        Assert.True(code == 0, error);
        Assert.Equal(0, console.LivingSilos());
        Assert.Empty(Directory.GetFiles(Path.Combine(Runs, ".cluster")));
        Assert.Contains($"/runs/{console.Run.Id}", output.Split('\n')
            .First(line => line.StartsWith("page http://127.0.0.1:", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Contains("epoch 3/3: loss ", output, StringComparison.Ordinal);
        Assert.Contains($"files         {console.Run.Path}", output, StringComparison.Ordinal);
        AssertIsOracle(spec, console.Run);
    }

    [Fact(Timeout = 120_000)]
    public async Task Train_GivesTheSameBits_WhenATrainersSiloIsKilled()
    {
        var spec = TestSpecs.Average(trainers: 3, layers: 2, dropout: 0.2, epochs: 40, validationFraction: 0.2);
        using var console = ConsoleProcess.Start(Runs, "train", Write(spec), "--silos", "3", "--output", "json");
        IReadOnlyList<TrainerStatus> trainers;
        do
        {
            // The status is written behind training's back.
            await console.Await<StepCommitted>(_ => true, TestContext.Current.CancellationToken);
            trainers = console.Run.ReadStatus()!.Trainers;
        }
        while (trainers.Count == 0 || trainers.Any(trainer => trainer.Silo.Length == 0));
        string SiloOf(int trainer) => trainers[trainer].Silo.Split(' ')[0];
        Assert.Equal(3, trainers.Select(trainer => trainer.Silo).Distinct().Count());

        // The first trainer lives with the coordinator.
        console.Silo(SiloOf(2)).Kill();

        Assert.Equal(0, await console.EndOfEvents(TestContext.Current.CancellationToken));
        var recovery = Assert.Single(console.Events.OfType<TrainersRecovered>());
        Assert.Equal([2], recovery.Trainers);
        Assert.Equal(Enumerable.Range(1, console.Events.Count), console.Events.Select(one => (int)one.Number));
        Assert.Equal(0, console.LivingSilos());
        AssertIsOracle(spec, console.Run);
    }

    [Fact(Timeout = 120_000)]
    public async Task Train_StopsCleanly_OnCtrlC()
    {
        var spec = TestSpecs.Average(epochs: 100_000);
        using var console = ConsoleProcess.Start(Runs, "train", Write(spec), "--silos", "2", "--output", "json");
        await console.Await<StepCommitted>(_ => true, TestContext.Current.CancellationToken);

        console.Signal(Interrupt);

        Assert.Equal(130, await console.EndOfEvents(TestContext.Current.CancellationToken));
        Assert.Equal(RunState.Stopped, console.Run.ReadStatus()!.State);
        Assert.Equal(0, console.LivingSilos());
    }

    [Fact(Timeout = 120_000)]
    public async Task Train_StopsCleanly_WhenItsReaderGoes()
    {
        var spec = TestSpecs.Average(epochs: 100_000);
        using var console = ConsoleProcess.Start(Runs, "train", Write(spec), "--output", "json");
        await console.Await<StepCommitted>(_ => true, TestContext.Current.CancellationToken);

        console.StopReading();

        Assert.Equal(141, await console.EndUnread(TestContext.Current.CancellationToken));
        Assert.Equal(RunState.Stopped, console.Run.ReadStatus()!.State);
        Assert.Equal(0, console.LivingSilos());
    }

    [Theory(Timeout = 120_000)]
    [InlineData(Interrupt, 130, "validate")]
    [InlineData(Terminate, 143, "validate")]
    [InlineData(Terminate, 143, "train")]
    public async Task Console_EndsAtASignal_WhileItReadsASpec(int signal, int code, string command)
    {
        string pipe = _directory.File("spec.yaml");
        using (var make = System.Diagnostics.Process.Start("mkfifo", [pipe]))
            await make.WaitForExitAsync(TestContext.Current.CancellationToken);
        using var console = ConsoleProcess.StartBare(command, pipe);
        // Opens when the console has opened the other end, and so waits for what is never written.
        await using var writer = await Task.Run(
            () => new FileStream(pipe, FileMode.Open, FileAccess.Write, FileShare.ReadWrite), TestContext.Current.CancellationToken);

        console.Signal(signal);

        Assert.Equal(code, (await console.End(TestContext.Current.CancellationToken)).ExitCode);
    }

    [Fact(Timeout = 120_000)]
    public async Task Train_ContinuesWithoutTheConsole_WhenDetached()
    {
        var spec = TestSpecs.Average(epochs: 3);
        using var console = ConsoleProcess.Start(Runs, "train", Write(spec), "--detach");
        var (code, output, error) = await console.End(TestContext.Current.CancellationToken);
        Assert.True(code == 0, error);
        Assert.Contains($"tbptt show {console.Run.Id}", output, StringComparison.Ordinal);

        int pid = console.Run.ReadStatus()!.HasEnded ? 0 : console.Silo("silo-1").Id;
        if (pid != 0)
        {
            using var silo = System.Diagnostics.Process.GetProcessById(pid);
            await silo.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        AssertIsOracle(spec, console.Run);
    }

    public void Dispose() => _directory.Dispose();

    private static void AssertIsOracle(RunSpec spec, RunDirectory run)
    {
        Assert.Equal(RunState.Completed, run.ReadStatus()!.State);
        var oracle = Oracle.Of(spec);
        var events = File.ReadLines(run.Metrics).Select(RunJson.ReadEvent).ToList();
        Bits.Same(oracle.Steps.Select(step => step.Loss), events.OfType<StepCommitted>().Select(step => step.Loss));
        Bits.Same(oracle.ValidationLosses.OfType<double>(), events.OfType<EpochFinished>().Select(epoch => epoch.ValidationLoss)
            .OfType<double>());
        var model = new float[oracle.State.Layout.Length];
        Orleans.Tbptt.Data.Safetensors.SafetensorsFile.ReadInto(run.Model, oracle.State.Layout, model);
        Bits.Same(oracle.State.Parameters, model);
    }

    private string Write(RunSpec spec)
    {
        string path = _directory.File("spec.yaml");
        File.WriteAllText(path, SpecWriter.ToYaml(spec));
        return path;
    }
}

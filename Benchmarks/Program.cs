using System.CommandLine;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Orleans.Tbptt.Benchmarks.Backprop;
using Orleans.Tbptt.Benchmarks.Checkpoints;
using Orleans.Tbptt.Benchmarks.ChunkStep;
using Orleans.Tbptt.Benchmarks.Compare;
using Orleans.Tbptt.Benchmarks.Exactness;
using Orleans.Tbptt.Benchmarks.Exchange;
using Orleans.Tbptt.Benchmarks.Hostile;
using Orleans.Tbptt.Benchmarks.Journals;
using Orleans.Tbptt.Benchmarks.Kernels;
using Orleans.Tbptt.Benchmarks.LocalSync;
using Orleans.Tbptt.Benchmarks.Membership;
using Orleans.Tbptt.Benchmarks.Profile;
using Orleans.Tbptt.Benchmarks.Serve;
using Orleans.Tbptt.Benchmarks.Soak;
using Orleans.Tbptt.Benchmarks.Speculation;
using Orleans.Tbptt.Benchmarks.Start;
using Orleans.Tbptt.Benchmarks.Submissions;
using Orleans.Tbptt.Benchmarks.Sweeps;
using Orleans.Tbptt.Benchmarks.Tables;
using Orleans.Tbptt.Benchmarks.Telemetry;

var rounds = new Option<int>("--rounds") { Description = "Paired rounds.", DefaultValueFactory = _ => 7 };
var epochs = new Option<int>("--epochs") { Description = "Epochs of 300 steps in each round.", DefaultValueFactory = _ => 10 };
var chunkStep =
    new Command("chunk-step", "Compares the average example's chunk-step on a silo with bare TorchSharp loops.") { rounds, epochs };
chunkStep.SetAction((parsed, _) => ChunkStepComparison.Run(parsed.GetValue(rounds), parsed.GetValue(epochs)));

var copies = new Option<int>("--rounds") { Description = "Copies of the state.", DefaultValueFactory = _ => 200 };
var directory = new Option<string?>("--directory") { Description = "Directory to write to. Default: a temporary one." };
var checkpoint = new Command("checkpoint",
    "Measures the cost of a checkpoint: the copy that a step waits for, and the writing in the background.") { copies, directory };
checkpoint.SetAction((parsed, _) =>
{
    CheckpointCost.Run(parsed.GetValue(copies), parsed.GetValue(directory));
    return Task.CompletedTask;
});

var filter = new Option<string>("--filter") { Description = "Benchmarks to run, by name; * matches anything.", DefaultValueFactory = _ =>
    "*" };
var kernels = new Command("kernels", "Kernels, optimizers and buffers, by BenchmarkDotNet.") { filter };
kernels.SetAction((parsed, _) =>
{
    // In this process, because BenchmarkDotNet builds a child program only from a project named like its assembly.
    var config = DefaultConfig.Instance.AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance));
    var reports = BenchmarkSwitcher.FromAssembly(typeof(MatrixProductBenchmark).Assembly)
        .Run(["--filter", parsed.GetValue(filter)!], config);
    return Task.FromResult(reports.Any()
        && reports.All(report => report.BenchmarksCases.Length > 0 && report.Reports.All(one => one.Success)) ? 0 : 1);
});

return await new RootCommand("Measurements of Orleans.Tbptt.")
{
    chunkStep, SoakCommand.Make(), checkpoint, kernels, CompareCommands.Compare(), CompareCommands.UnlikeLengths(),
    CompareCommands.OneEngine(), ThreadsComparison.Make(), LocalSyncCommand.Make(),
    ExchangeCommands.Exchange(), ExchangeCommands.Scaling(), TelemetryCommand.Make(), StartCommand.Make(), ProfileCommand.Make(),
    JournalCommands.Size(), JournalCommands.Write(), JournalCommands.Open(),
    MembershipCommand.Make(), HostileCommand.Make(), ManySubmissions.Make(), TableCommand.Make(),
    ServeCommands.Latency(), ServeCommands.Cost(), FullCost.Make(), ShardCost.Make(), HashCost.Make(), SharingCost.Make(),
    SpeculationCommand.Make(),
}.Parse(args).InvokeAsync();

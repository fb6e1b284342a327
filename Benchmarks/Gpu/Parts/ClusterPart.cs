using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Tbptt.Benchmarks.Gpu.Silos;
using Orleans.Tbptt.Data.Synthetic;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Writing;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Optimizers;

namespace Orleans.Tbptt.Benchmarks.Gpu.Parts;

/// <summary>
/// A cluster of one silo with the GPU and one with CPUs: the first is killed in the middle of a run, which the other continues. The model
/// is then that of a run on CPUs alone.
/// </summary>
internal static class ClusterPart
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    public static async Task<string?> RunAsync(Target target, TextWriter output)
    {
        var spec = Spec(target.IsEmulated);
        string store = Directory.CreateTempSubdirectory("tbptt-gpu-").FullName;
        try
        {
            int[] ports = SiloProcess.FreePorts(2);
            using var cpu = SiloHosts.Create(store, ports[0], ports[1], primary: null, target: null);
            await cpu.StartAsync();
            var grains = cpu.Services.GetRequiredService<IGrainFactory>();
            using var gpu = await SiloProcess.StartAsync(store, ports[0], target);
            output.WriteLine("cluster,run,devices,steps,generations,SHA-256 of the model");
            using var limit = new CancellationTokenSource(Limit);
            var (mixed, before) = await TrainAsync(grains, spec, "with-gpu", gpu.Kill, limit.Token);
            var (alone, _) = await TrainAsync(grains, spec, "on-cpus", () => { }, limit.Token);
            string[] hashes = [.. new[] { mixed, alone }.Select(run => Hash(store, RunId.Parse(run.Id)))];
            output.WriteLine($"cluster,with a kill,{before} then {Devices(mixed)},{mixed.Step},{mixed.Generation},{hashes[0]}");
            output.WriteLine($"cluster,on CPUs,{Devices(alone)},{alone.Step},{alone.Generation},{hashes[1]}");
            await cpu.StopAsync();
            return mixed.State != RunState.Completed ? $"found the run {mixed.State}: {mixed.Message}"
                : before != target.Device.Text || Devices(mixed) != DeviceName.Cpu.Text
                    ? $"found devices {before} and then {Devices(mixed)}, expected {target.Device} and then cpu"
                : hashes[0] != hashes[1] ? "found other bytes of the model than on CPUs alone"
                : null;
        }
        finally
        {
            Directory.Delete(store, recursive: true);
        }
    }

    private static async Task<(RunStatus Status, string DevicesBefore)> TrainAsync(
        IGrainFactory grains, RunSpec spec, string name, Action inTheMiddle, CancellationToken cancelled)
    {
        var run = RunId.Parse(name);
        var reply = await grains.GetGrain<ICatalogGrain>(0).Submit(
            new(run, new(SpecWriter.ToYaml(spec), "spec.yaml", "/"), Protocol: ProtocolVersion.Current));
        if (reply.Problems.Count > 0)
            throw new InvalidOperationException(string.Join("; ", reply.Problems));
        var coordinator = grains.GetGrain<ICoordinatorGrain>(run.Text);
        string before = "";
        for (long seen = 0; ;)
        {
            cancelled.ThrowIfCancellationRequested();
            var page = await AskAsync(() => coordinator.ReadEvents(seen, 1000), cancelled);
            seen += page.Lines.Count;
            foreach (var one in page.Lines.Select(RunJson.ReadEvent))
            {
                if (before.Length == 0 && one is StepCommitted { Step: >= 10 })
                {
                    before = Devices(await AskAsync(coordinator.GetStatus, cancelled));
                    inTheMiddle();
                }

                if (one is RunEnded)
                    return (await AskAsync(coordinator.GetStatus, cancelled), before);
            }
        }
    }

    /// <summary>Asks again while the silo that coordinates is dead and another one has not yet taken the run over.</summary>
    private static async Task<T> AskAsync<T>(Func<Task<T>> ask, CancellationToken cancelled)
    {
        while (true)
        {
            try
            {
                return await ask();
            }
            catch (Exception problem) when (problem is OrleansException or TimeoutException)
            {
                await Task.Delay(TimeSpan.FromSeconds(0.2), cancelled);
            }
        }
    }

    private static string Devices(RunStatus status) =>
        string.Join('+', status.Trainers.Select(trainer => trainer.Device).Distinct().Order(StringComparer.Ordinal));

    private static string Hash(string store, RunId run) =>
        Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(new RunDirectory(store, run).Model)));

    private static RunSpec Spec(bool isEmulated) => new()
    {
        Name = "cluster",
        Engine = new FusedEngine(),
        Seed = 3,
        Model = new()
        {
            Cell = new LstmCell(), InputSize = 10, HiddenSize = isEmulated ? 12 : 64, Layers = 2, OutputSize = 5, Dropout = 0.2,
        },
        Data = new() { Source = new AverageSource { Sequences = 60, SequenceLength = 100 }, BatchSize = 10 },
        Tbptt = new() { ChunkLength = 10 },
        Train = new()
        {
            Trainers = SiloHosts.Slots, Epochs = isEmulated ? 1 : 20, Loss = new SquaredError(), ClipNorm = 0.5,
            Optimizer = new Adam { Lr = 1e-2 },
        },
    };
}

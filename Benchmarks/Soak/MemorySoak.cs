using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Torch.Native;
using TorchSharp;

namespace Orleans.Tbptt.Benchmarks.Soak;

/// <summary>Trains the average example for many steps on a silo in this process and prints live tensors and memory on the way.</summary>
internal static class MemorySoak
{
    private const int Every = 2_000;

    public static async Task Run(int steps, Engine engine)
    {
        NativeBackend.Initialize();
        await using var silo = await LocalSilo.Start();
        long next = Every;
        Console.WriteLine("    step  live tensors  managed MB  resident MB");
        await silo.Train(RunId.Parse("soak"), LocalSilo.Average(steps / 300 + 1) with { Engine = engine }, status =>
        {
            if (status.Step < next)
                return;
            next += Every;
            double managed = GC.GetTotalMemory(forceFullCollection: true) / 1048576.0;
            Console.WriteLine(
                $"{status.Step,8}  {torch.Tensor.TotalCount,12}  {managed,10:f1}  {Environment.WorkingSet / 1048576.0,11:f0}");
        });
    }
}

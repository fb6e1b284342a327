using System.Globalization;
using Orleans.Tbptt.Benchmarks.Gpu;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Gpu;

// Every line stands by itself, so that nothing is lost where a later one fails.
var engine = new GpuEngine();
var devices = engine.FindDevices();
if (devices.CudaDevices == 0)
{
    Console.Error.WriteLine(devices.WhyNone);
    return 1;
}

var device = new DeviceName(args is [var named, ..] ? named : "cuda:0");
Console.WriteLine($"# {TimeProvider.System.GetUtcNow():yyyy-MM-dd HH:mm}Z, {device}, held to the bits of the CPU by three small networks");
bool same = true;
foreach (var work in Work.Exact)
{
    using var expected = new FusedReplica(work.Model, new SquaredError());
    using var actual = engine.Open(work.Model, new SquaredError(), device);
    int differ = work.Differences(expected, actual);
    same &= differ == 0;
    Console.WriteLine($"bits,{work},{(differ == 0 ? "same" : $"{differ} differ")}");
}

Console.WriteLine("chunk-step,cell,layers,lanes,steps,inputs,hidden,outputs,median µs,least µs");
foreach (var work in Work.Timed)
{
    using var replica = engine.Open(work.Model, new SquaredError(), device);
    double[] times = work.Times(replica);
    Array.Sort(times);
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture, $"chunk-step,{work},{times[times.Length / 2] * 1e6:f1},{times[0] * 1e6:f1}"));
}

return same ? 0 : 2;

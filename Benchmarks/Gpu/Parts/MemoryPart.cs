using System.Diagnostics;
using System.Globalization;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Losses;

namespace Orleans.Tbptt.Benchmarks.Gpu.Parts;

/// <summary>Memory of device and process over many chunk-steps of two lengths.</summary>
internal static class MemoryPart
{
    private const int Steps = 10_000, StepsEmulated = 300, Warmup = 100;
    private const long MostGrowth = 32L << 20;

    public static Task<string?> RunAsync(Target target, TextWriter output)
    {
        var work = new Work(new LstmCell(), 1, 10, 10, 10, 20, 5);
        var (replica, used) = target.OpenMeasured(work.Model, new SquaredError());
        using (replica)
        {
            output.WriteLine("memory,chunk-steps,bytes in use on the device,resident bytes of the process");
            int steps = target.IsEmulated ? StepsEmulated : Steps;
            var (device, resident) = Measure(Warmup);
            var (deviceAfter, residentAfter) = Measure(steps);
            return Task.FromResult(deviceAfter > device
                ? $"found {deviceAfter - device} more bytes in use on the device after {steps} steps"
                : residentAfter - resident > MostGrowth ? $"found {residentAfter - resident} more resident bytes after {steps} steps"
                : null);
        }

        (long Device, long Resident) Measure(int count)
        {
            work.Repeat(replica, count);
            GC.Collect();
            GC.WaitForPendingFinalizers();
            using var self = Process.GetCurrentProcess();
            var measured = (Device: used(), Resident: self.WorkingSet64);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"memory,{count},{measured.Device},{measured.Resident}"));
            return measured;
        }
    }
}

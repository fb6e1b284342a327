using System.Globalization;
using System.Runtime.InteropServices;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Golden;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Replicas;
using Orleans.Tbptt.Training.SingleProcess;

namespace Orleans.Tbptt.Benchmarks.Gpu.Parts;

/// <summary>Whole runs whose losses PyTorch gave in float64: those, within rounding, and the CPU's bits.</summary>
internal static class Goldens
{
    /// <summary>Several times what PyTorch's own float32 reaches on the same cases.</summary>
    private const double MostError = 5e-6;

    public static Task<string?> RunAsync(Target target, TextWriter output)
    {
        output.WriteLine("golden,case,steps,largest relative error of a loss,bits");
        List<string> wrong = [];
        foreach (string name in GoldenCase.Names)
        {
            using var directory = new TemporaryDirectory();
            var golden = GoldenCase.Load(name);
            var spec = golden.Write(directory.Path, 1).OnEngine("fused");
            if (spec.Tbptt.Backprop.IsFull)
                continue;
            var (losses, bits) = Train(spec, model => target.Open(model, spec.Train.Loss));
            var (_, expected) = Train(spec, model => Engine.Open(spec with { Model = model }, DeviceName.Cpu));
            double error = golden.StepLosses.Zip(losses, (one, other) => Math.Abs(other - one) / Math.Abs(one)).Max();
            bool same = bits.AsSpan().SequenceEqual(expected);
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"golden,{name},{losses.Count},{error:e1},{(same ? "same" : "differ")}"));
            if (!same || !(error <= MostError) || losses.Count != golden.StepLosses.Length)
                wrong.Add(name);
        }

        return Task.FromResult(wrong.Count == 0 ? null : $"found other losses or bits in {string.Join(", ", wrong)}");
    }

    private static (List<double> Losses, int[] Bits) Train(RunSpec written, Func<ModelSpec, IReplica> open)
    {
        using var prepared = PreparedRun.Prepare(written);
        using var trainer = new SingleProcessTrainer(prepared.Spec, prepared.Data, () => open(prepared.Spec.Model));
        List<double> losses = [];
        if (trainer.Train(step => losses.Add(step.Loss), (_, _, _) => { }) is { } diverged)
            throw new InvalidOperationException($"{written.Name}: {diverged}");
        return (losses, [
            .. MemoryMarshal.Cast<float, int>(trainer.State.Parameters), .. MemoryMarshal.Cast<float, int>(trainer.State.Hidden),
            .. MemoryMarshal.Cast<double, int>(CollectionsMarshal.AsSpan(losses))]);
    }
}

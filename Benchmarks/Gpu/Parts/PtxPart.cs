using System.Globalization;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Gpu.Code;
using Orleans.Tbptt.Training.Gpu.Kernels;
using Orleans.Tbptt.Training.Gpu.Network;
using Orleans.Tbptt.Training.Gpu.Ptx;

namespace Orleans.Tbptt.Benchmarks.Gpu.Parts;

/// <summary>
/// The PTX of all kernels of the networks whose bits are compared, and of the losses, as files in the folder <c>ptx</c> of the current
/// directory: for <c>ptxas</c>, or to be read. Needs no GPU.
/// </summary>
internal static class PtxPart
{
    private const string Folder = "ptx";
    private const int Classes = 1_000;

    public static Task<string?> RunAsync(Target target, TextWriter output)
    {
        Directory.CreateDirectory(Folder);
        output.WriteLine("ptx,kernels of,architecture,kernels,bytes,file");
        foreach (var (name, kernels) in All())
        {
            foreach (string architecture in (string[])["sm_80", "sm_90"])
            {
                string file = Path.Combine(Folder, $"{name}.{architecture}.ptx"), text = PtxWriter.Write(kernels, architecture);
                File.WriteAllText(file, text);
                output.WriteLine(string.Create(
                    CultureInfo.InvariantCulture, $"ptx,{name},{architecture},{kernels.Count},{text.Length},{file}"));
            }
        }

        return Task.FromResult<string?>(null);
    }

    private static IEnumerable<(string Name, IReadOnlyList<KernelCode> Kernels)> All()
    {
        foreach (var (cell, units) in Work.Exact.Select(work => ((RecurrentCell)work.Cell, work.Hidden)).Distinct())
            yield return ($"{cell.Word}-{units}", GpuNetwork.KernelsOf(new(cell, units)));

        foreach (var precision in (PrecisionKind[])[PrecisionKind.Tf32, PrecisionKind.Bfloat16])
            yield return ($"products-{TrainSpec.WordOf(precision)}", [.. TensorCores.Of(precision)!.Products.All]);

        // With states of which some units stay as they were.
        var zones = ZonedState.Of(new DropoutSpec { Zoneout = 0.1, ZoneoutCell = 0.1 });
        yield return ("lstm-128-zoneout", GpuNetwork.KernelsOf(new(new LstmCell(), 128, zones)));
        yield return ("losses", [
            LossKernels.OfElements(new SquaredError()), LossKernels.OfElements(new AbsoluteError()), LossKernels.OfElements(new Huber()),
            LossKernels.OfClasses(new CrossEntropy { LabelSmoothing = 0.1 }, Classes),
            SumKernels.InOrder, SumKernels.Fixed, SumKernels.FixedOfSquares]);
    }
}

using System.Globalization;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Gpu.Network;

namespace Orleans.Tbptt.Benchmarks.Gpu.Parts;

/// <summary>
/// Chunk-steps whose large products tensor cores compute: how far they are from float32's, whether they have the same bits each time, and
/// what they take. What the times are compared with, <c>bare_loop.py</c> measures with TF32.
/// </summary>
internal static class PrecisionPart
{
    // A list is run, then made into a graph, then replayed only.
    private const int Rounds = 3;

    public static Task<string?> RunAsync(Target target, TextWriter output)
    {
        output.WriteLine(
            "precision,cell,layers,lanes,steps,inputs,hidden,outputs,precision,farthest from float32,its distance,tolerance,median µs,"
            + "least µs");
        int far = 0, unlike = 0;
        foreach (var work in target.IsEmulated ? Work.PrecisionEmulated : Work.Timed)
        {
            using var exact = new FusedReplica(work.Model, new SquaredError(), Environment.ProcessorCount);
            var wanted = work.Compute(exact);
            foreach (var precision in (PrecisionKind[])[PrecisionKind.Tf32, PrecisionKind.Bfloat16])
            {
                using var replica = target.Open(work.Model, new SquaredError(), precision);
                var found = work.Compute(replica);
                for (int round = 1; round < Rounds; round++)
                    unlike += Work.Differences(found, work.Compute(replica)) > 0 ? 1 : 0;
                var (what, distance) = found.FarthestFrom(wanted);
                double tolerance = TensorCores.Of(precision)!.Tolerance;
                far += distance <= tolerance ? 0 : 1;
                string figures = StepsPart.Figures(work.Times(replica));
                output.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"precision,{work},{TrainSpec.WordOf(precision)},{what},{distance:e1},{tolerance:e1},{figures}"));
            }
        }

        return Task.FromResult(far > 0 ? $"found {far} chunks farther from float32's than their tolerance"
            : unlike > 0 ? $"found {unlike} chunks with other bits when they were computed again" : null);
    }
}

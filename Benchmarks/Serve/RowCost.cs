using System.Diagnostics;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Benchmarks.Serve;

/// <summary>What a row of a stream costs to compute.</summary>
internal static class RowCost
{
    private const int Steps = 20_000;

    public static void Run(int rounds, int units)
    {
        string directory = Directory.CreateTempSubdirectory("tbptt-serve-").FullName;
        try
        {
            var package = ServedExample.Train(directory, units);
            Console.WriteLine($"LSTM of {units} units, 1 input, 1 output; median of {rounds} rounds");
            foreach (int batch in (int[])[1, 8, 64])
            {
                double[] costs = [.. Enumerable.Range(0, rounds + 1).Select(_ => Measure(package, batch)).Skip(1)];
                Console.WriteLine($"batch {batch,3}: {Medians.Of(costs),6:F2} µs a row");
            }
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    /// <returns>Microseconds a row.</returns>
    private static double Measure(ModelPackage package, int batch)
    {
        var encoder = Forecasting.RowsOf(package.Spec, package.Config.Contents);
        using var predictor = new StepPredictor(package.Spec, encoder.Shape, package.Parameters.Span);
        float[] values = new float[batch * encoder.Shape.InputFeatures], outputs = new float[batch];
        float[] before = new float[batch * predictor.HiddenLength], after = new float[before.Length];
        int steps = Steps / batch;
        var watch = Stopwatch.StartNew();
        for (int step = 0; step < steps; step++)
        {
            predictor.Step(batch, values, [], before, after, outputs);
            (before, after) = (after, before);
        }

        return watch.Elapsed.TotalMicroseconds / (steps * batch);
    }
}

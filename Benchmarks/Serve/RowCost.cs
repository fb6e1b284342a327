using System.Diagnostics;
using System.Globalization;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Benchmarks.Serve;

/// <summary>
/// What a row of a stream costs to compute: the network's step alone, and the whole way from a cell to a forecast, which is what an
/// exported graph computes in ONNX Runtime. Contestants alternate within each round.
/// </summary>
internal static class RowCost
{
    private const int Rows = 20_000;
    private const string Ours = "StepPredictor, from cells to forecasts";
    private const string Bound = "ONNX Runtime, IoBinding";
    private const string Values = "ONNX Runtime, Run with OrtValues";

    public static void Run(int rounds, int units)
    {
        string directory = Directory.CreateTempSubdirectory("tbptt-serve-").FullName;
        try
        {
            var package = ServedExample.Train(directory, units);
            string model = Path.Combine(directory, "wave"), graph = Path.Combine(directory, "wave.onnx");
            ServedExample.Save(package, model);
            Export(model, graph);
            Console.WriteLine($"LSTM of {units} units, 1 input, 1 output, one thread; µs a row, median of {rounds} rounds (quartiles)");
            foreach (int batch in (int[])[1, 8, 64])
                Compare(package, graph, batch, rounds, units);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static void Compare(ModelPackage package, string graph, int batch, int rounds, int units)
    {
        using var ours = new OwnRows(package, batch);
        using var theirs = new OnnxRows(graph, batch, units);
        (string Name, Action Step)[] contestants =
        [
            ("StepPredictor, the network alone", ours.StepNetwork), (Ours, ours.Step), (Bound, theirs.StepBound), (Values, theirs.Step),
        ];
        Check(ours, theirs, batch);
        var costs = contestants.ToDictionary(one => one.Name, _ => new double[rounds]);
        for (int round = -1; round < rounds; round++)
        {
            foreach (var (name, step) in contestants)
            {
                double cost = Measure(step, batch);
                if (round >= 0)
                    costs[name][round] = cost;
            }
        }

        foreach (var (name, _) in contestants)
            Console.WriteLine($"batch {batch,3}: {name,-40} {Text(costs[name])}");
        double[] ratios = [.. costs[Ours].Zip(costs[Bound].Zip(costs[Values], Math.Min), (one, other) => one / other)];
        Console.WriteLine($"batch {batch,3}: {"ours / the faster way of ONNX Runtime",-40} {Text(ratios)}");
    }

    /// <summary>Whether both compute the same.</summary>
    private static void Check(OwnRows ours, OnnxRows theirs, int batch)
    {
        for (int step = 0; step < 100; step++)
        {
            for (int row = 0; row < batch; row++)
                ours.Cells[row] = theirs.Cells[row] = 100 + (step * 7 % 13) + row;
            ours.Step();
            theirs.StepBound();
            for (int row = 0; row < batch; row++)
            {
                if (Math.Abs(ours.Forecasts[row] - theirs.Forecasts[row]) > 1e-4)
                    throw new InvalidOperationException($"step {step}: {ours.Forecasts[row]} and {theirs.Forecasts[row]}");
            }
        }
    }

    /// <returns>Microseconds a row.</returns>
    private static double Measure(Action step, int batch)
    {
        int steps = Rows / batch;
        var watch = Stopwatch.StartNew();
        for (int i = 0; i < steps; i++)
            step();
        return watch.Elapsed.TotalMicroseconds / (steps * batch);
    }

    private static string Text(double[] values)
    {
        double[] sorted = [.. values.Order()];
        return string.Create(CultureInfo.InvariantCulture,
            $"{Medians.Of(values),6:F2} ({sorted[sorted.Length / 4]:F2} to {sorted[sorted.Length * 3 / 4]:F2})");
    }

    /// <summary>Exports a package by the console of this build.</summary>
    private static void Export(string model, string graph)
    {
        string program = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "Client", "release", "tbptt.dll"));
        using var process = Process.Start(new ProcessStartInfo("dotnet", [program, "export", model, "--format", "onnx", "--to", graph])
        {
            RedirectStandardOutput = true,
        })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"the model was not exported: {output}");
    }

    /// <summary>Rows as a stream's silo computes them.</summary>
    private sealed class OwnRows : IDisposable
    {
        private readonly RowEncoder _encoder;
        private readonly StepPredictor _predictor;
        private readonly double[] _cell = new double[1];
        private readonly float[] _values;
        private readonly float[] _outputs;
        private float[] _before;
        private float[] _after;

        public OwnRows(ModelPackage package, int batch)
        {
            _encoder = Forecasting.RowsOf(package.Spec, package.Config.Contents);
            _predictor = new(package.Spec, _encoder.Shape, package.Parameters.Span);
            (Cells, Forecasts) = (new double[batch], new double[batch]);
            (_values, _outputs) = (new float[batch], new float[batch]);
            (_before, _after) = (new float[batch * _predictor.HiddenLength], new float[batch * _predictor.HiddenLength]);
        }

        public double[] Cells { get; }

        public double[] Forecasts { get; }

        public void StepNetwork()
        {
            _predictor.Step(Cells.Length, _values, [], _before, _after, _outputs);
            (_before, _after) = (_after, _before);
        }

        public void Step()
        {
            for (int row = 0; row < Cells.Length; row++)
            {
                _cell[0] = Cells[row];
                if (_encoder.Encode(_cell, [], [], _values.AsSpan(row, 1), []) is { } mistake)
                    throw new InvalidOperationException(mistake.Problem);
            }

            StepNetwork();
            for (int row = 0; row < Cells.Length; row++)
                _encoder.ToUnits([], _outputs.AsSpan(row, 1), Forecasts.AsSpan(row, 1));
        }

        public void Dispose() => _predictor.Dispose();
    }
}

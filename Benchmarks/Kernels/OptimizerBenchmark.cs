using BenchmarkDotNet.Attributes;
using Orleans.Tbptt.Training.Optimizers;

namespace Orleans.Tbptt.Benchmarks.Kernels;

/// <summary>One fused pass of each optimizer over the flat buffers.</summary>
[MemoryDiagnoser]
public class OptimizerBenchmark
{
    private IOptimizer _optimizer = null!;
    private float[] _parameters = [];
    private float[] _gradient = [];

    [Params("sgd", "adam", "adamw", "rmsprop")]
    public string Kind { get; set; } = "";

    [Params(2_665, 4_200_000)]
    public int Parameters { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        UpdateRule rule = Kind == "sgd" ? new Sgd { Momentum = 0.9 } : UpdateRules.All.Single(one => one.Word == Kind);
        _optimizer = rule.Create(Parameters);
        (_parameters, _gradient) = (new float[Parameters], new float[Parameters]);
        _gradient.AsSpan().Fill(1e-3f);
    }

    [Benchmark]
    public void Step() => _optimizer.Step(_parameters, _gradient, 1e-3);
}

using BenchmarkDotNet.Attributes;
using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Fused.Threads;

namespace Orleans.Tbptt.Benchmarks.Kernels;

/// <summary>Matrix products in the sizes of a chunk: a time step's recurrent product, a chunk's inputs, a weight's gradient.</summary>
[MemoryDiagnoser]
public unsafe class MatrixProductBenchmark
{
    private Rows _left = null!;
    private Panels _right = null!;
    private Rows _result = null!;
    private Rows _zeros = null!;

    /// <summary>Rows, columns and terms of each sum.</summary>
    [Params("10×80×20", "32×2048×512", "1120×2048×512", "2048×512×1120")]
    public string Size { get; set; } = "";

    [GlobalSetup]
    public void Prepare()
    {
        int[] size = [.. Size.Split('×').Select(int.Parse)];
        (_left, _result, _zeros, _right) = (new(size[2]), new(size[1]), new(size[1]), new());
        _left.Reserve(size[0]);
        _result.Reserve(size[0]);
        _zeros.Reserve(1);
        using var right = new Rows(size[1]);
        right.Reserve(size[2]);
        for (int row = 0; row < size[2]; row++)
            right.Span(row).Fill(1e-3f);
        _right.Pack(Team.Alone, right[0], right.Stride, size[2], size[1]);
        Rows = size[0];
    }

    private int Rows { get; set; }

    [Benchmark]
    public void Multiply() =>
        MatrixProduct.Multiply(LeftFactor.Of(_left[0], _left.Stride), _right, _zeros[0], 0, _result[0], _result.Stride, Rows);

    [GlobalCleanup]
    public void Clean()
    {
        foreach (IDisposable one in (IDisposable[])[_left, _right, _result, _zeros])
            one.Dispose();
    }
}

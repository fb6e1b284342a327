using BenchmarkDotNet.Attributes;
using Orleans.Tbptt.Training.Fused.Cells;

namespace Orleans.Tbptt.Benchmarks.Kernels;

/// <summary>The element-by-element part of a time step: gates and activations of 32 lanes, forward and backward.</summary>
[MemoryDiagnoser]
#pragma warning disable CA1001 // BenchmarkDotNet calls Clean.
public class CellBenchmark
#pragma warning restore CA1001
{
    private const int Lanes = 32;
    private RecurrentCell _cell = null!;
    private CellMemory _memory = null!;

    [Params("lstm", "gru", "rnn")]
    public string Cell { get; set; } = "";

    [Params(20, 512)]
    public int Units { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        _cell = RecurrentCells.All.Single(cell => cell.Word == Cell);
        _memory = new(_cell, Units);
        _memory.Begin(Lanes, Lanes, backward: true);
        _memory.BeginBackward(new Timetable());
    }

    [Benchmark]
    public void Forward() => _cell.Forward(_memory, new(0, Lanes, 0, -1));

    [Benchmark]
    public void Backward() => _cell.Backward(_memory, new(0, Lanes, 0, -1));

    [GlobalCleanup]
    public void Clean() => _memory.Dispose();
}

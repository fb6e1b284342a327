using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Gpu.Devices;
using Orleans.Tbptt.Training.Gpu.Kernels;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Gpu.Network;

/// <summary>A chunk's time steps on a device.</summary>
internal sealed class GpuTimes(IAccelerator device) : IDisposable
{
    private readonly Timetable _times = new();
    private readonly DeviceBuffer _table = new(device);
    private readonly DeviceBuffer _before = new(device);
    private readonly DeviceBuffer _last = new(device);
    private int[] _numbers = [];

    /// <summary>The number of active lanes.</summary>
    public int Lanes => _times.Lanes;

    /// <summary>Rows of the chunk.</summary>
    public int Rows => _times.Rows;

    /// <summary>Time steps of the chunk.</summary>
    public int Steps => _times.Steps.Length;

    /// <summary>What a sweep reads of each time step.</summary>
    public nint Table => _table.Address;

    /// <summary>For each row the row of its lane's state before, in the histories.</summary>
    public nint Before => _before.Address;

    /// <summary>For each active lane the row of its last state, in the histories.</summary>
    public nint Last => _last.Address;

    /// <summary>Loads a chunk.</summary>
    public void Load(ChunkBatch batch)
    {
        // At the chunk's start the gradient ends: what the kernel adds there goes to rows behind the chunk's own.
        _times.Read(batch, carries: false, reachesStart: true);
        var steps = _times.Steps;
        var numbers = Room(steps.Length * SweepKernels.StepNumbers);
        for (int i = 0, at = 0; i < steps.Length; i++, at += SweepKernels.StepNumbers)
            (numbers[at], numbers[at + 1], numbers[at + 2], numbers[at + 3]) = (steps[i].Row, steps[i].Lanes, steps[i].Before,
                steps[i].RowBefore);
        _table.Load<int>(numbers);

        var rows = _times.All(Fused.Matrices.RowSums.Ascending);
        _before.Load(rows.Before);

        var last = Room(Lanes);
        foreach (var step in steps)
        {
            for (int lane = 0; lane < step.Lanes; lane++)
                last[lane] = Lanes + step.Row + lane;
        }

        _last.Load<int>(last);
    }

    public void Dispose()
    {
        _table.Dispose();
        _before.Dispose();
        _last.Dispose();
    }

    private Span<int> Room(int count)
    {
        if (_numbers.Length < count)
            _numbers = new int[count];
        return _numbers.AsSpan(0, count);
    }
}

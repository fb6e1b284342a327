using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Gpu.Kernels;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Gpu.Network;

/// <summary>A chunk's time steps on a device.</summary>
/// <param name="inbound">What brings them there.</param>
internal sealed class GpuTimes(Inbound inbound)
{
    private readonly Timetable _times = new();
    private readonly InboundPart _table = new(inbound);
    private readonly InboundPart _before = new(inbound);
    private readonly InboundPart _last = new(inbound);

    /// <summary>The number of active lanes.</summary>
    public int Lanes => _times.Lanes;

    /// <summary>Rows of the chunk.</summary>
    public int Rows => _times.Rows;

    /// <summary>Time steps of the chunk.</summary>
    public int Steps => _times.Steps.Length;

    /// <summary>All time steps.</summary>
    public StepRange Whole => _times.Whole;

    /// <summary>One of the parts into which the time steps are divided, as even as can be.</summary>
    public StepRange Part(int part, int parts) => _times.Part(part, parts);

    /// <summary>The first row of some time steps, and how many they have.</summary>
    public (int First, int Rows) RowsOf(StepRange part) => (_times.FirstRow(part), _times.RowsOf(part));

    /// <summary>What a sweep reads of each time step.</summary>
    public nint Table => _table.Address;

    /// <summary>For each row the row of its lane's state before, in the histories.</summary>
    public nint Before => _before.Address;

    /// <summary>For each active lane the row of its last state, in the histories.</summary>
    public nint Last => _last.Address;

    /// <summary>Packs a chunk's.</summary>
    public void Load(ChunkBatch batch)
    {
        // At the chunk's start the gradient ends: what the kernel adds there goes to rows behind the chunk's own.
        _times.Read(batch, carries: false, reachesStart: true);
        var steps = _times.Steps;
        var numbers = _table.Room<int>(steps.Length * SweepKernels.StepNumbers);
        for (int i = 0, at = 0; i < steps.Length; i++, at += SweepKernels.StepNumbers)
            (numbers[at], numbers[at + 1], numbers[at + 2], numbers[at + 3]) = (steps[i].Row, steps[i].Lanes, steps[i].Before,
                steps[i].RowBefore);

        var rows = _times.All(Fused.Matrices.RowSums.Ascending);
        _before.Load(rows.Before);

        var last = _last.Room<int>(Lanes);
        foreach (var step in steps)
        {
            for (int lane = 0; lane < step.Lanes; lane++)
                last[lane] = Lanes + step.Row + lane;
        }
    }
}

using System.Runtime.InteropServices;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Gpu.Code;
using Orleans.Tbptt.Training.Gpu.Devices;
using Orleans.Tbptt.Training.Gpu.Kernels;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Gpu.Network;

/// <summary>A loss on a device, with the sums of the CPU's, so that nothing waits for the host between forward and backward.</summary>
internal abstract class GpuLoss : IDisposable
{
    private readonly DeviceBuffer _sum;

    private protected GpuLoss(IAccelerator device) => (Accelerator, _sum, Targets, Terms) = (device, new(device), new(device), new(device));

    /// <summary>The targets of the chunk.</summary>
    protected DeviceBuffer Targets { get; }

    /// <summary>What elements or rows add to the loss.</summary>
    protected DeviceBuffer Terms { get; }

    /// <summary>The device.</summary>
    protected IAccelerator Accelerator { get; }

    /// <summary>That of a loss; null where it is computed on the host.</summary>
    /// <param name="device">The device.</param>
    /// <param name="loss">The loss.</param>
    /// <param name="outputs">Outputs of the head.</param>
    public static GpuLoss? Of(IAccelerator device, LossSpec loss, int outputs)
    {
        GpuLoss? own = loss switch
        {
            CrossEntropy entropy => new ClassLoss(device, entropy, outputs),
            ElementwiseLoss elements => new ValueLoss(device, elements),
            _ => null,
        };
        if (own is not null)
            device.Prepare(own.Kernels);
        return own;
    }

    /// <summary>Numbers of 32 bits that a row needs; 0 where the loss is computed on the host.</summary>
    public static long NumbersOfRow(LossSpec loss, int outputs) => loss switch
    {
        CrossEntropy => 3,
        ElementwiseLoss => 2L * outputs,
        _ => 0,
    };

    /// <summary>What it launches.</summary>
    public abstract IReadOnlyList<KernelCode> Kernels { get; }

    /// <summary>Brings the targets of a chunk to the device.</summary>
    public abstract void Begin(ChunkBatch batch);

    /// <summary>Puts the gradient in the outputs' place, and computes the sum.</summary>
    /// <param name="outputs">A row of outputs for each row of targets, without gaps between them.</param>
    /// <param name="rows">How many rows.</param>
    public void Run(DeviceRows outputs, int rows) => Run(outputs, rows, _sum.Reserve(sizeof(double) / sizeof(float)).Address);

    /// <summary>The sum, after all work before.</summary>
    public double Sum()
    {
        double sum = 0;
        _sum.Store(MemoryMarshal.Cast<double, float>(new Span<double>(ref sum)));
        return sum;
    }

    /// <summary>Gives back the memory of chunks; the next one takes what it needs.</summary>
    public void ReleaseChunk()
    {
        foreach (var buffer in (DeviceBuffer[])[_sum, Targets, Terms])
            buffer.Dispose();
    }

    public virtual void Dispose() => ReleaseChunk();

    private protected abstract void Run(DeviceRows outputs, int rows, nint sum);

    private protected static int Blocks(int count, int each) => (count + each - 1) / each;
}

/// <summary>A sum over elements.</summary>
internal sealed class ValueLoss(IAccelerator device, ElementwiseLoss loss) : GpuLoss(device)
{
    private readonly KernelCode _elements = LossKernels.OfElements(loss);
    private readonly KernelCode _total = loss.AddsSquares ? SumKernels.FixedOfSquares : SumKernels.Fixed;
    private bool _isMasked;

    public override IReadOnlyList<KernelCode> Kernels => [_elements, _total];

    public override void Begin(ChunkBatch batch)
    {
        Targets.Load(batch.TargetValues);
        _isMasked = batch.IsMasked;
    }

    private protected override void Run(DeviceRows outputs, int rows, nint sum)
    {
        int count = rows * outputs.Stride;
        Terms.Reserve(count);
        Accelerator.Launch(
            _elements, Blocks(count, LossKernels.Threads), 1, LossKernels.Threads, outputs.Start, Targets.Address, Terms.Address,
            _isMasked ? 1 : 0, count);
        Accelerator.Launch(_total, 1, 1, SumKernels.Threads, Terms.Address, sum, count);
    }
}

/// <summary>Cross-entropy.</summary>
internal sealed class ClassLoss : GpuLoss
{
    private readonly CrossEntropy _loss;
    private readonly int _classes;
    private readonly KernelCode _rows;
    private readonly DeviceBuffer _weights;
    private int[] _numbers = [];

    public ClassLoss(IAccelerator device, CrossEntropy loss, int classes) : base(device)
    {
        (_loss, _classes, _rows, _weights) = (loss, classes, LossKernels.OfClasses(loss, classes), new(device));
        if (loss.ClassWeights.Count > 0)
            _weights.Load<double>([.. loss.ClassWeights.Values]);
    }

    public override IReadOnlyList<KernelCode> Kernels => [_rows, SumKernels.InOrder];

    public override void Begin(ChunkBatch batch)
    {
        if (_numbers.Length < batch.Rows)
            _numbers = new int[batch.Rows];
        var targets = _numbers.AsSpan(0, batch.Rows);
        _loss.Targets(batch, _classes, targets);
        Targets.Load<int>(targets);
    }

    public override void Dispose()
    {
        base.Dispose();
        _weights.Dispose();
    }

    private protected override void Run(DeviceRows outputs, int rows, nint sum)
    {
        Terms.Reserve(2L * rows);
        Accelerator.Launch(
            _rows, Blocks(rows, LossKernels.Rows), 1, LossKernels.Threads, outputs.Start, Targets.Address, Terms.Address,
            _weights.Address, rows);
        Accelerator.Launch(SumKernels.InOrder, 1, 1, SumKernels.Threads, Terms.Address, sum, rows);
    }
}

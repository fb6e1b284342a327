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
    private readonly BatchInbound _inbound;

    private protected GpuLoss(IAccelerator device, Launcher launcher, BatchInbound inbound) =>
        (Launcher, Targets, Terms, _inbound) = (launcher, new(inbound), new(device), inbound);

    /// <summary>The targets of the chunk.</summary>
    protected BatchPart Targets { get; }

    /// <summary>What elements or rows add to the loss.</summary>
    protected DeviceBuffer Terms { get; }

    /// <summary>Takes what is to be done.</summary>
    protected Launcher Launcher { get; }

    /// <summary>That of a loss; null where it is computed on the host.</summary>
    /// <param name="device">The device.</param>
    /// <param name="launcher">What is to be done goes there.</param>
    /// <param name="inbound">What a chunk brings goes there.</param>
    /// <param name="loss">The loss.</param>
    /// <param name="outputs">Outputs of the head.</param>
    public static GpuLoss? Of(IAccelerator device, Launcher launcher, BatchInbound inbound, LossSpec loss, int outputs)
    {
        GpuLoss? own = loss switch
        {
            CrossEntropy entropy => new ClassLoss(device, launcher, inbound, entropy, outputs),
            ElementwiseLoss elements => new ValueLoss(device, launcher, inbound, elements),
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

    /// <summary>Whether some targets of the chunk at hand are masked.</summary>
    protected bool IsMasked { get; private set; }

    /// <summary>Packs a batch's targets.</summary>
    public abstract void Pack(ChunkBatch batch);

    /// <summary>Packs the targets of a chunk, unless they were taken in ahead of it.</summary>
    public void Begin(ChunkBatch batch)
    {
        IsMasked = batch.IsMasked;
        if (!_inbound.IsAhead)
            Pack(batch);
    }

    /// <summary>Puts the gradient in the outputs' place, and computes the sum.</summary>
    /// <param name="outputs">A row of outputs for each row of targets, without gaps between them.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="sum">Receives the sum, a float64.</param>
    public abstract void Run(DeviceRows outputs, int rows, nint sum);

    /// <summary>Gives back the memory of chunks; the next one takes what it needs.</summary>
    public void ReleaseChunk() => Terms.Dispose();

    public virtual void Dispose() => ReleaseChunk();
}

/// <summary>A sum over elements.</summary>
internal sealed class ValueLoss(IAccelerator device, Launcher launcher, BatchInbound inbound, ElementwiseLoss loss)
    : GpuLoss(device, launcher, inbound)
{
    private readonly KernelCode _elements = LossKernels.OfElements(loss);
    private readonly KernelCode _total = loss.AddsSquares ? SumKernels.FixedOfSquares : SumKernels.Fixed;

    public override IReadOnlyList<KernelCode> Kernels => [_elements, _total];

    public override void Pack(ChunkBatch batch) => Targets.Load(batch.TargetValues);

    public override void Run(DeviceRows outputs, int rows, nint sum)
    {
        int count = rows * outputs.Stride;
        Terms.Reserve(count);
        Launcher.Launch(
            _elements, Launcher.Blocks(count, LossKernels.Threads), 1, LossKernels.Threads, outputs.Start, Targets.Address, Terms.Address,
            IsMasked ? 1 : 0, count);
        Launcher.Aside(() => Launcher.Launch(_total, 1, 1, SumKernels.Threads, Terms.Address, sum, count));
    }
}

/// <summary>Cross-entropy.</summary>
internal sealed class ClassLoss : GpuLoss
{
    private readonly CrossEntropy _loss;
    private readonly int _classes;
    private readonly KernelCode _rows;
    private readonly DeviceBuffer _weights;

    public ClassLoss(IAccelerator device, Launcher launcher, BatchInbound inbound, CrossEntropy loss, int classes)
        : base(device, launcher, inbound)
    {
        (_loss, _classes, _rows, _weights) = (loss, classes, LossKernels.OfClasses(loss, classes), new(device));
        if (loss.ClassWeights.Count > 0)
            _weights.Load<double>([.. loss.ClassWeights.Values]);
    }

    public override IReadOnlyList<KernelCode> Kernels => [_rows, SumKernels.InOrder];

    public override void Pack(ChunkBatch batch) => _loss.Targets(batch, _classes, Targets.Room<int>(batch.Rows));

    public override void Dispose()
    {
        base.Dispose();
        _weights.Dispose();
    }

    public override void Run(DeviceRows outputs, int rows, nint sum)
    {
        Terms.Reserve(2L * rows);
        Launcher.Launch(
            _rows, Launcher.Blocks(rows, RowThreads.Rows), 1, RowThreads.Threads, outputs.Start, Targets.Address, Terms.Address,
            _weights.Address, rows);
        Launcher.Aside(() => Launcher.Launch(SumKernels.InOrder, 1, 1, SumKernels.Threads, Terms.Address, sum, rows));
    }
}

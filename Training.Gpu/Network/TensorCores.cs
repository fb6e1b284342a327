using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.Gpu.Devices;
using Orleans.Tbptt.Training.Gpu.Kernels;

namespace Orleans.Tbptt.Training.Gpu.Network;

/// <summary>
/// Which products of a network a GPU's tensor cores compute: those with a weight whose sides are long enough for their tiles. That is a
/// function of the model alone: neither the rows of a chunk nor the parts that a device divides it into change what is rounded.
/// </summary>
internal sealed class TensorCores
{
    /// <summary>The least outputs and inputs of a weight: half a tile.</summary>
    public const int LeastSide = ProductKernel.Tile / 2;

    private readonly int _leastSide;

    private TensorCores(PrecisionKind precision, int leastSide)
    {
        (Precision, _leastSide) = (precision, leastSide);
        Products = precision switch
        {
            PrecisionKind.Tf32 => TensorProductKernel.Tf32,
            PrecisionKind.Bfloat16 => TensorProductKernel.Bfloat16,
            _ => throw new ArgumentOutOfRangeException(nameof(precision), precision, "expected a precision of tensor cores"),
        };
    }

    /// <summary>What factors are rounded to.</summary>
    public PrecisionKind Precision { get; }

    /// <summary>The kernels.</summary>
    public Products Products { get; }

    /// <summary>
    /// By how much a rounded factor differs, relative to it, at most: half of the last place, of 11 bits of TF32, 8 of bfloat16.
    /// </summary>
    public double Roundoff => Precision == PrecisionKind.Tf32 ? 1.0 / (1 << 11) : 1.0 / (1 << 8);

    /// <summary>
    /// By how much a loss, a gradient or a hidden state may differ from float32's, relative to its norm: 8 roundoffs. A product of two
    /// rounded numbers differs by 2 of them at most. Of the errors of a sum's terms about as many have either sign, so that its own grows
    /// with the root of their number, as a sum of such terms does: a matrix of sums differs by about 1 of its norm, however many terms
    /// there are. A gradient has gone through a product of each layer and of the head on both ways, whose errors add up in the same way:
    /// the root of some ten products, times 2. Emulated networks of up to three layers, with weights as PyTorch draws them, and golden runs
    /// stay within it; factors in wrong places differ by the norm itself.
    /// </summary>
    public double Tolerance => 8 * Roundoff;

    /// <summary>Those of a precision; null for float32.</summary>
    /// <param name="precision">What factors are rounded to.</param>
    /// <param name="leastSide">The least outputs and inputs of a weight.</param>
    public static TensorCores? Of(PrecisionKind precision, int leastSide = LeastSide) =>
        precision == PrecisionKind.Full ? null : new(precision, leastSide);

    /// <summary>The kernels of a weight's products; null for those of float32.</summary>
    public Products? Of(DeviceWeight weight) =>
        weight.Outputs >= _leastSide && weight.Inputs >= _leastSide ? Products : null;

    /// <summary>What bits on a device are a function of, besides spec and data.</summary>
    /// <param name="device">The device.</param>
    public string Arithmetic(IAccelerator device) => FusedReplica.TensorCoreArithmetic(Precision, device.Architecture);
}

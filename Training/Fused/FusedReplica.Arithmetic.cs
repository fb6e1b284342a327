using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Fused;

/// <content>What the bits of a run are a function of, besides its spec and its data.</content>
public sealed unsafe partial class FusedReplica
{
    /// <summary>
    /// The version of what is computed, in which order and how it is rounded: kernels, commits, optimizers, random numbers, averages. It
    /// changes whenever a change of this program gives any run other bits, and with nothing else.
    /// </summary>
    public const string ArithmeticVersion = "fused 1";

    private const string OnTensorCores = " by tensor cores of ";

    /// <summary>
    /// What bits are a function of where large products are computed by tensor cores, which sum in an order of their own.
    /// </summary>
    /// <param name="precision">What factors are rounded to.</param>
    /// <param name="architecture">The type of the device, as <c>compute capability 8.0</c>.</param>
    internal static string TensorCoreArithmetic(PrecisionKind precision, string architecture) =>
        $"{ArithmeticVersion}, products in {TrainSpec.WordOf(precision)}{OnTensorCores}{architecture}";

    /// <summary>
    /// What to do where steps of an arithmetic are to be computed again by a program that has <see cref="ArithmeticVersion"/>.
    /// </summary>
    /// <param name="arithmetic">Another arithmetic.</param>
    public static string RemedyFor(string arithmetic)
    {
        ArgumentNullException.ThrowIfNull(arithmetic);
        return arithmetic.Contains(OnTensorCores, StringComparison.Ordinal)
            ? "a CPU has no tensor cores, and those of another compute capability may sum otherwise: train the spec again on GPUs of that "
                + "one, and compare both runs with tbptt bisect; or train with train.precision: float32, whose bits are the same on every "
                + "processor and GPU"
            : "use a release of that arithmetic, or, where it is libtorch's, train with engine: fused, whose bits are the same on every "
                + "processor";
    }

    /// <inheritdoc/>
    public string Arithmetic => ArithmeticVersion;
}

namespace Orleans.Tbptt.Training.Fused;

/// <content>What the bits of a run are a function of, besides its spec and its data.</content>
public sealed unsafe partial class FusedReplica
{
    /// <summary>
    /// The version of what is computed, in which order and how it is rounded: kernels, commits, optimizers, random numbers, averages. It
    /// changes whenever a change of this program gives any run other bits, and with nothing else.
    /// </summary>
    public const string ArithmeticVersion = "fused 1";

    /// <inheritdoc/>
    public string Arithmetic => ArithmeticVersion;
}

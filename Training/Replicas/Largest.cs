using System.Numerics.Tensors;

namespace Orleans.Tbptt.Training.Replicas;

/// <summary>Which of several outputs is the largest: the class that a network predicts.</summary>
internal static class Largest
{
    /// <summary>The number of the largest output, the first of equal ones; 0 where one is not a number.</summary>
    public static int Of(ReadOnlySpan<float> outputs) => Math.Max(0, outputs.IndexOf(TensorPrimitives.Max(outputs)));
}

using Orleans.Tbptt.Specs.Keys;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Custom;

/// <summary>The loss of one output, and its derivative by the output. A function of the two alone.</summary>
/// <param name="output">What the network gave.</param>
/// <param name="target">What it should have given.</param>
public delegate (float Loss, float Gradient) ElementLoss(float output, float target);

/// <summary>A loss that a program adds for the fused engine: the sum of a function over all elements.</summary>
public sealed record CustomLoss : Loss
{
    private readonly ElementLoss _function;

    /// <summary>Declares a loss of values.</summary>
    /// <param name="name">Its name; specs write <c>custom/NAME</c>.</param>
    /// <param name="function">The loss of an element.</param>
    public CustomLoss(string name, ElementLoss function)
    {
        ArgumentNullException.ThrowIfNull(function);
        (Word, _function) = (CustomWord.Of(name), function);
    }

    /// <inheritdoc/>
    public override string Word { get; }

    /// <inheritdoc/>
    public override string About => "a loss of the program that hosts the silo";

    /// <inheritdoc/>
    public override bool OfClasses => false;

    internal override unsafe double Sum(Rows outputs, ChunkBatch batch, ref float[] scratch)
    {
        var targets = batch.TargetValues;
        double sum = 0;
        for (int at = 0, row = 0; at < targets.Length; row++)
        {
            float* output = outputs[row];
            for (int column = 0; column < outputs.Columns; column++, at++)
            {
                if (batch.IsMasked && float.IsNaN(targets[at]))
                {
                    output[column] = 0;
                    continue;
                }

                var (loss, gradient) = _function(output[column], targets[at]);
                sum += loss;
                output[column] = gradient;
            }
        }

        return sum;
    }
}

using Orleans.Tbptt.Specs.Keys;
using Orleans.Tbptt.Training.Fused.Losses;

namespace Orleans.Tbptt.Training.Custom;

/// <summary>The loss of one output, and its derivative by the output. A function of the two alone.</summary>
/// <param name="output">What the network gave.</param>
/// <param name="target">What it should have given.</param>
public delegate (float Loss, float Gradient) ElementLoss(float output, float target);

/// <summary>A loss that a program adds for the fused engine: the sum of a function over all elements.</summary>
public sealed record CustomLoss : TargetLoss
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

    private protected override double Target(Span<float> outputs, float target)
    {
        (float loss, outputs[0]) = _function(outputs[0], target);
        return loss;
    }
}

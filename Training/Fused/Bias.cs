using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Fused.Simd;

namespace Orleans.Tbptt.Training.Fused;

/// <summary>A bias in the flat parameters, and its gradient, a sum over rows.</summary>
internal sealed unsafe class Bias(ParameterLayout layout, string name)
{
    private readonly ParameterSlot _slot = layout.Slots.Single(slot => slot.Name == name);
    private readonly int _length = layout.Slots.Single(slot => slot.Name == name).Length;

    /// <summary>Copies the bias.</summary>
    public void CopyTo(float* parameters, float* destination) => new ReadOnlySpan<float>(parameters + _slot.Offset, _length)
        .CopyTo(new(destination, _length));

    /// <summary>Adds the bias.</summary>
    public void AddTo(float* parameters, float* destination) => Elementwise.Run(new AddTo(parameters + _slot.Offset, destination), _length);

    /// <summary>The sum of rows into the flat gradient.</summary>
    public void Gradient(Rows outputGradient, int rows, RowSums sums, float* gradient)
    {
        float* sum = gradient + _slot.Offset;
        if (sums == RowSums.Descending)
        {
            for (int row = rows - 1; row >= 0; row--)
                Elementwise.Run(new AddTo(outputGradient[row], sum), _length);
            return;
        }

        new Span<float>(sum, _length).Clear();
        for (int row = 0; row < rows; row++)
            Elementwise.Run(new AddTo(outputGradient[row], sum), _length);
    }

    /// <summary>Copies another bias's gradient.</summary>
    public void CopyGradient(Bias other, float* gradient) =>
        new ReadOnlySpan<float>(gradient + other._slot.Offset, _length).CopyTo(new(gradient + _slot.Offset, _length));
}

using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Fused.Simd;

namespace Orleans.Tbptt.Training.Fused;

/// <summary>
/// A weight in the flat parameters, a matrix <c>[outputs, inputs]</c>, or some of its rows and columns: packs it for products, and writes
/// its gradient.
/// </summary>
internal sealed unsafe class Weight : IDisposable
{
    private readonly int _offset;
    private readonly int _stride;
    private readonly Panels _forward = new();
    private readonly Panels _backward = new();
    private readonly Rows _gradient;
    private readonly Panels _inputs = new();

    /// <summary>Finds a weight.</summary>
    /// <param name="layout">The parameters.</param>
    /// <param name="name">Its name.</param>
    /// <param name="first">The first of its columns.</param>
    /// <param name="columns">How many columns; null for all.</param>
    /// <param name="firstRow">The first of its rows.</param>
    /// <param name="rows">How many rows; null for all.</param>
    public Weight(ParameterLayout layout, string name, int first = 0, int? columns = null, int firstRow = 0, int? rows = null)
    {
        var slot = layout.Slots.Single(slot => slot.Name == name);
        (_stride, Outputs, Inputs) = (slot.Shape[1], rows ?? slot.Shape[0], columns ?? slot.Shape[1]);
        _offset = slot.Offset + (firstRow * _stride) + first;
        _gradient = new(Inputs);
    }

    /// <summary>Rows of the weight.</summary>
    public int Outputs { get; }

    /// <summary>Columns of the weight.</summary>
    public int Inputs { get; }

    /// <summary>Loads the weight.</summary>
    /// <param name="parameters">The flat parameters.</param>
    /// <param name="toInputs">Whether the gradient of the inputs is needed: prepares <see cref="Backward"/>, too.</param>
    public void Load(float* parameters, bool toInputs)
    {
        _forward.PackTransposed(parameters + _offset, _stride, Inputs, Outputs);
        if (toInputs)
            _backward.Pack(parameters + _offset, _stride, Outputs, Inputs);
    }

    /// <summary>outputs = init + inputs · weightᵀ.</summary>
    public void Forward(float* inputs, nint inputsRow, float* init, nint initRow, Rows outputs, int first, int rows) =>
        MatrixProduct.Multiply(LeftFactor.Of(inputs, inputsRow), _forward, init, initRow, outputs[first], outputs.Stride, rows);

    /// <summary>inputGradient = init + outputGradient · weight.</summary>
    public void Backward(float* outputGradient, nint row, float* init, nint initRow, Rows inputGradient, int first, int rows) =>
        MatrixProduct.Multiply(LeftFactor.Of(outputGradient, row), _backward, init, initRow, inputGradient[first], inputGradient.Stride,
            rows);

    /// <summary>
    /// The weight's gradient, outputGradientᵀ · inputs, summed over the rows, into the flat gradient.
    /// </summary>
    /// <param name="outputGradient">The transposed gradients of the outputs, <c>[outputs, rows]</c>, packed for the same sums.</param>
    /// <param name="inputs">The distinct input rows.</param>
    /// <param name="chosen">For each row the index of its input.</param>
    /// <param name="zeros">Zeros, as long as a padded row.</param>
    /// <param name="sums">How the sums run.</param>
    /// <param name="gradient">The flat gradient.</param>
    public void Gradient(
        LeftFactor outputGradient, Rows inputs, ReadOnlySpan<int> chosen, float* zeros, RowSums sums, float* gradient)
    {
        _inputs.Pack(inputs[0], inputs.Stride, chosen, Inputs, sums);
        Gradient(outputGradient, zeros, sums, gradient + _offset);
    }

    /// <inheritdoc cref="Gradient(LeftFactor, Rows, ReadOnlySpan{int}, float*, RowSums, float*)"/>
    /// <param name="outputGradient">The transposed gradients of the outputs, <c>[outputs, rows]</c>, packed for the same sums.</param>
    /// <param name="inputs">The first row's input.</param>
    /// <param name="inputsRow">The stride between inputs.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="zeros">Zeros, as long as a padded row.</param>
    /// <param name="sums">How the sums run.</param>
    /// <param name="gradient">The flat gradient.</param>
    public void Gradient(
        LeftFactor outputGradient, float* inputs, nint inputsRow, int rows, float* zeros, RowSums sums, float* gradient)
    {
        if (sums == RowSums.Ascending)
            _inputs.Pack(inputs, inputsRow, rows, Inputs);
        else
            _inputs.Pack(inputs + (rows - 1) * inputsRow, -inputsRow, rows, Inputs);
        Gradient(outputGradient, zeros, sums, gradient + _offset);
    }

    public void Dispose()
    {
        foreach (IDisposable one in (IDisposable[])[_forward, _backward, _gradient, _inputs])
            one.Dispose();
    }

    private void Gradient(LeftFactor outputGradient, float* zeros, RowSums sums, float* to)
    {
        bool adds = sums == RowSums.Descending;
        if (Inputs % Elementwise.Width == 0)
        {
            MatrixProduct.Multiply(outputGradient, _inputs, adds ? to : zeros, adds ? _stride : 0, to, _stride, Outputs);
            return;
        }

        // The flat gradient has no padding between its rows.
        _gradient.Reserve(Outputs);
        for (int row = 0; adds && row < Outputs; row++)
            new ReadOnlySpan<float>(to + (long)row * _stride, Inputs).CopyTo(_gradient.Span(row));
        MatrixProduct.Multiply(
            outputGradient, _inputs, adds ? _gradient[0] : zeros, adds ? _gradient.Stride : 0, _gradient[0], _gradient.Stride, Outputs);
        for (int row = 0; row < Outputs; row++)
            _gradient.Span(row).CopyTo(new(to + (long)row * _stride, Inputs));
    }
}

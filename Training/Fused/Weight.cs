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
    private readonly Panels _forward = new();
    private readonly Panels _backward = new();
    private readonly Rows _gradient;
    private readonly Panels _panels = new();
    private readonly Rows _inputs;
    private readonly Rows _turned;
    private readonly bool _turns;

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
        (Stride, Outputs, Inputs) = (slot.Shape[1], rows ?? slot.Shape[0], columns ?? slot.Shape[1]);
        _offset = slot.Offset + (firstRow * Stride) + first;
        (_gradient, _inputs, _turned) = (new(Inputs), new(Inputs), new(Outputs));

        // Where there are few inputs, or their last register is nearly empty, outputs fill registers and tiles better.
        long straight = (long)Outputs * Rows.Padded(Inputs), turned = (long)Inputs * Rows.Padded(Outputs);
        _turns = turned * 11 < straight * 10 || (turned <= straight && Inputs < Tiles.Columns && Outputs >= Tiles.Columns);
    }

    /// <summary>Rows of the weight.</summary>
    public int Outputs { get; }

    /// <summary>Columns of the weight.</summary>
    public int Inputs { get; }

    /// <summary>The stride between its rows in the flat parameters.</summary>
    public int Stride { get; }

    /// <summary>Its first number in the flat parameters.</summary>
    public float* In(float* parameters) => parameters + _offset;

    /// <summary>Loads the weight.</summary>
    /// <param name="parameters">The flat parameters.</param>
    /// <param name="toInputs">Whether the gradient of the inputs is needed: prepares <see cref="Backward"/>, too.</param>
    public void Load(float* parameters, bool toInputs)
    {
        _forward.PackTransposed(parameters + _offset, Stride, Inputs, Outputs);
        if (toInputs)
            _backward.Pack(parameters + _offset, Stride, Outputs, Inputs);
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
    /// <param name="outputGradient">The gradients of the outputs.</param>
    /// <param name="inputs">The distinct input rows.</param>
    /// <param name="chosen">For each row the index of its input.</param>
    /// <param name="zeros">Zeros, as long as a padded row.</param>
    /// <param name="gradient">The flat gradient.</param>
    public void Gradient(OutputGradient outputGradient, Rows inputs, ReadOnlySpan<int> chosen, float* zeros, float* gradient)
    {
        if (_turns || AreInOrder(chosen))
        {
            Gradient(outputGradient, InOrder(inputs, chosen), inputs.Stride, zeros, gradient);
            return;
        }

        _panels.Pack(inputs[0], inputs.Stride, chosen, Inputs, outputGradient.Sums);
        Straight(outputGradient, zeros, gradient + _offset);
    }

    /// <inheritdoc cref="Gradient(OutputGradient, Rows, ReadOnlySpan{int}, float*, float*)"/>
    /// <param name="outputGradient">The gradients of the outputs.</param>
    /// <param name="inputs">The first row's input.</param>
    /// <param name="inputsRow">The stride between inputs.</param>
    /// <param name="zeros">Zeros, as long as a padded row.</param>
    /// <param name="gradient">The flat gradient.</param>
    public void Gradient(OutputGradient outputGradient, float* inputs, nint inputsRow, float* zeros, float* gradient)
    {
        int rows = outputGradient.Count;
        if (outputGradient.Sums == RowSums.Descending)
        {
            inputs += (rows - 1) * inputsRow;
            inputsRow = -inputsRow;
        }

        if (_turns)
        {
            Turned(outputGradient, inputs, inputsRow, gradient + _offset);
            return;
        }

        _panels.Pack(inputs, inputsRow, rows, Inputs);
        Straight(outputGradient, zeros, gradient + _offset);
    }

    /// <inheritdoc cref="Gradient(OutputGradient, Rows, ReadOnlySpan{int}, float*, float*)"/>
    /// <param name="outputGradient">The gradients of the outputs.</param>
    /// <param name="inputs">The input of the chunk's first row.</param>
    /// <param name="inputsRow">The stride between inputs.</param>
    /// <param name="which">Which rows of the chunk.</param>
    /// <param name="zeros">Zeros, as long as a padded row.</param>
    /// <param name="gradient">The flat gradient.</param>
    public void Gradient(
        OutputGradient outputGradient, float* inputs, nint inputsRow, GradientRows which, float* zeros, float* gradient)
    {
        if (!which.AreAll)
        {
            which.Gather(inputs, inputsRow, _inputs);
            inputs = _inputs[0];
            inputsRow = _inputs.Stride;
        }

        Gradient(outputGradient, inputs, inputsRow, zeros, gradient);
    }

    public void Dispose()
    {
        foreach (IDisposable one in (IDisposable[])[_forward, _backward, _gradient, _panels, _inputs, _turned])
            one.Dispose();
    }

    private static bool AreInOrder(ReadOnlySpan<int> chosen)
    {
        for (int row = 0; row < chosen.Length; row++)
        {
            if (chosen[row] != row)
                return false;
        }

        return true;
    }

    /// <summary>The chosen rows one after another.</summary>
    private float* InOrder(Rows inputs, ReadOnlySpan<int> chosen)
    {
        if (AreInOrder(chosen))
            return inputs[0];
        _inputs.Reserve(chosen.Length);
        for (int row = 0; row < chosen.Length; row++)
            inputs.Span(chosen[row]).CopyTo(_inputs.Span(row));
        return _inputs[0];
    }

    /// <summary>outputGradientᵀ · inputs, from packed inputs.</summary>
    private void Straight(OutputGradient outputGradient, float* zeros, float* to)
    {
        bool adds = outputGradient.Sums == RowSums.Descending;
        if (Inputs % Elementwise.Width == 0)
        {
            MatrixProduct.Multiply(outputGradient.Transposed, _panels, adds ? to : zeros, adds ? Stride : 0, to, Stride, Outputs);
            return;
        }

        // The flat gradient has no padding between its rows. They are computed elsewhere, as many as the cache holds until they are copied.
        var left = outputGradient.Transposed;
        int block = MatrixProduct.Block(outputGradient.Count);
        _gradient.Reserve(Math.Min(block, Outputs));
        for (int first = 0, rows; first < Outputs; first += rows)
        {
            rows = Math.Min(block, Outputs - first);
            for (int row = 0; adds && row < rows; row++)
                new ReadOnlySpan<float>(to + (long)(first + row) * Stride, Inputs).CopyTo(_gradient.Span(row));
            MatrixProduct.Multiply(
                left.From(first), _panels, adds ? _gradient[0] : zeros, adds ? _gradient.Stride : 0, _gradient[0], _gradient.Stride, rows);
            for (int row = 0; row < rows; row++)
                _gradient.Span(row).CopyTo(new(to + (long)(first + row) * Stride, Inputs));
        }
    }

    /// <summary>The transpose of inputsᵀ · outputGradient: the same sums; neither factor is packed where rows are padded.</summary>
    private void Turned(OutputGradient outputGradient, float* inputs, nint inputsRow, float* to)
    {
        if (outputGradient.IsPadded)
            _panels.Take(outputGradient.Start, outputGradient.Stride, outputGradient.Count, Outputs);
        else
            _panels.Pack(outputGradient.Start, outputGradient.Stride, outputGradient.Count, Outputs);
        _turned.Reserve(Inputs);
        if (outputGradient.Sums == RowSums.Descending)
            Transposing.Run(to, Stride, _turned[0], _turned.Stride, Outputs, Inputs);
        else
            _turned.Clear(Inputs);
        MatrixProduct.Multiply(
            LeftFactor.Transposed(inputs, inputsRow), _panels, _turned[0], _turned.Stride, _turned[0], _turned.Stride, Inputs);
        Transposing.Run(_turned[0], _turned.Stride, to, Stride, Inputs, Outputs);
    }
}

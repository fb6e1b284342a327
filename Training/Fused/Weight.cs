using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Fused.Simd;
using Orleans.Tbptt.Training.Fused.Threads;

namespace Orleans.Tbptt.Training.Fused;

/// <summary>
/// A weight in the flat parameters, a matrix <c>[outputs, inputs]</c>, or some of its rows and columns: packs it for products, and writes
/// its gradient.
/// </summary>
internal sealed unsafe class Weight : IDisposable
{
    private readonly Team _team;
    private readonly int _offset;
    private readonly Panels _forward = new();
    private readonly Panels _backward = new();
    private readonly Rows _gradient;
    private readonly Panels _panels = new();
    private readonly Rows _inputs;
    private readonly Rows _turned;
    private readonly bool _turns;

    /// <summary>Finds a weight.</summary>
    /// <param name="team">Computes what is computed of all rows of a chunk.</param>
    /// <param name="layout">The parameters.</param>
    /// <param name="name">Its name.</param>
    /// <param name="first">The first of its columns.</param>
    /// <param name="columns">How many columns; null for all.</param>
    /// <param name="firstRow">The first of its rows.</param>
    /// <param name="rows">How many rows; null for all.</param>
    public Weight(
        Team team, ParameterLayout layout, string name, int first = 0, int? columns = null, int firstRow = 0, int? rows = null)
    {
        _team = team;
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
        _forward.PackTransposed(_team, parameters + _offset, Stride, Inputs, Outputs);
        if (toInputs)
            _backward.Pack(_team, parameters + _offset, Stride, Outputs, Inputs);
    }

    /// <summary>outputs = init + inputs · weightᵀ, by the calling thread.</summary>
    public void Forward(float* inputs, nint inputsRow, float* init, nint initRow, Rows outputs, int first, int rows) =>
        MatrixProduct.Multiply(LeftFactor.Of(inputs, inputsRow), _forward, init, initRow, outputs[first], outputs.Stride, rows);

    /// <summary>The same by all members of the team.</summary>
    public void ForwardAll(float* inputs, nint inputsRow, float* init, Rows outputs, int rows) =>
        MatrixProduct.Multiply(_team, LeftFactor.Of(inputs, inputsRow), _forward, init, 0, outputs[0], outputs.Stride, rows);

    /// <summary>inputGradient = init + outputGradient · weight, by the calling thread.</summary>
    public void Backward(float* outputGradient, nint row, float* init, nint initRow, Rows inputGradient, int first, int rows) =>
        MatrixProduct.Multiply(LeftFactor.Of(outputGradient, row), _backward, init, initRow, inputGradient[first], inputGradient.Stride,
            rows);

    /// <summary>The same by all members of the team.</summary>
    public void BackwardAll(float* outputGradient, nint row, float* init, Rows inputGradient, int rows) => MatrixProduct.Multiply(
        _team, LeftFactor.Of(outputGradient, row), _backward, init, 0, inputGradient[0], inputGradient.Stride, rows);

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

        _panels.Pack(_team, inputs[0], inputs.Stride, chosen, Inputs, outputGradient.Sums);
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

        _panels.Pack(_team, inputs, inputsRow, rows, Inputs);
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
        var left = outputGradient.Transposed;
        if (Inputs % Elementwise.Width == 0)
        {
            MatrixProduct.Multiply(_team, left, _panels, adds ? to : zeros, adds ? Stride : 0, to, Stride, Outputs);
            return;
        }

        // The flat gradient has no padding between its rows. They are computed elsewhere, as many as the cache holds until they are copied.
        int block = Math.Min(MatrixProduct.Block(outputGradient.Count), Outputs);
        _gradient.Reserve(block * _team.Size);
        _team.Share(
            new UnpaddedWork(this, left, block, adds, zeros, to), Outputs, Tiles.Rows, (long)Outputs * Inputs * outputGradient.Count);
    }

    private void Unpadded(LeftFactor left, int block, bool adds, float* zeros, float* to, int member, int begin, int end)
    {
        int own = member * block;
        for (int first = begin, rows; first < end; first += rows)
        {
            rows = Math.Min(block, end - first);
            for (int row = 0; adds && row < rows; row++)
                new ReadOnlySpan<float>(to + (long)(first + row) * Stride, Inputs).CopyTo(_gradient.Span(own + row));
            float* sums = _gradient[own];
            MatrixProduct.Multiply(
                left.From(first), _panels, adds ? sums : zeros, adds ? _gradient.Stride : 0, sums, _gradient.Stride, rows);
            for (int row = 0; row < rows; row++)
                _gradient.Span(own + row).CopyTo(new(to + (long)(first + row) * Stride, Inputs));
        }
    }

    /// <summary>The transpose of inputsᵀ · outputGradient: the same sums; neither factor is packed where rows are padded.</summary>
    private void Turned(OutputGradient outputGradient, float* inputs, nint inputsRow, float* to)
    {
        bool packs = !outputGradient.IsPadded;
        if (packs)
            _panels.Begin(outputGradient.Count, Outputs);
        else
            _panels.Take(outputGradient.Start, outputGradient.Stride, outputGradient.Count, Outputs);
        _turned.Reserve(Inputs);
        var work = new TurnedWork(
            this, outputGradient.Start, outputGradient.Stride, packs, outputGradient.Sums == RowSums.Descending, inputs, inputsRow, to);
        _team.Share(work, Outputs, Elementwise.Width, (long)Outputs * Inputs * outputGradient.Count);
    }

    private void Turned(
        float* outputGradient, nint row, bool packs, bool adds, float* inputs, nint inputsRow, float* to, int begin, int end)
    {
        int first = _panels.Boundary(begin), columns = _panels.Boundary(end) - first;
        if (columns == 0)
            return;
        if (packs)
            _panels.PackSome(outputGradient, row, begin, end);
        float* sums = _turned[0];
        if (adds)
            Transposing.Run(to + (long)first * Stride, Stride, sums + first, _turned.Stride, columns, Inputs);
        else
        {
            for (int input = 0; input < Inputs; input++)
                new Span<float>(_turned[input] + first, Rows.Padded(columns)).Clear();
        }

        MatrixProduct.Multiply(
            LeftFactor.Transposed(inputs, inputsRow), _panels, first, first + columns, sums, _turned.Stride, sums, _turned.Stride, Inputs);
        Transposing.Run(sums + first, _turned.Stride, to + (long)first * Stride, Stride, Inputs, columns);
    }

    private readonly struct UnpaddedWork(Weight weight, LeftFactor left, int block, bool adds, float* zeros, float* to) : IRangeWork
    {
        public void Do(int member, int first, int end) => weight.Unpadded(left, block, adds, zeros, to, member, first, end);
    }

    private readonly struct TurnedWork(
        Weight weight, float* outputGradient, nint row, bool packs, bool adds, float* inputs, nint inputsRow, float* to) : IRangeWork
    {
        public void Do(int member, int first, int end) =>
            weight.Turned(outputGradient, row, packs, adds, inputs, inputsRow, to, first, end);
    }
}

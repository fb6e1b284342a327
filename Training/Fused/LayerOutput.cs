using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Fused.Simd;

namespace Orleans.Tbptt.Training.Fused;

/// <summary>What a layer gives to the next one, or to the head, where that is not its h: h normalised, its inputs added to it.</summary>
internal sealed unsafe class LayerOutput : IDisposable
{
    private readonly LayerNorm? _norm;
    private readonly bool _addsInputs;
    private readonly Rows _gradient;

    private LayerOutput(ModelSpec model, ParameterLayout layout, int layer, bool addsInputs)
    {
        _addsInputs = addsInputs;
        _norm = model.LayerNorm ? new(layout, layer) : null;
        (Values, _gradient) = (new(model.LayerOutputs), new(model.LayerOutputs));
    }

    /// <summary>The output of each row.</summary>
    public Rows Values { get; }

    /// <summary>That of a layer; null where its outputs are its h.</summary>
    public static LayerOutput? Of(ModelSpec model, ParameterLayout layout, int layer)
    {
        bool addsInputs = model.Residual && layer > 0;
        return model.LayerNorm || addsInputs ? new(model, layout, layer, addsInputs) : null;
    }

    /// <summary>Whether h is normalised.</summary>
    public bool Normalises => _norm is not null;

    /// <summary>Loads the parameters.</summary>
    public void Load(float* parameters) => _norm?.Load(parameters);

    /// <summary>Makes room for a chunk of so many rows.</summary>
    public void Reserve(int rows)
    {
        Values.Reserve(rows);
        _norm?.Reserve(rows);
        if (_addsInputs)
            _gradient.Reserve(rows);
    }

    /// <summary>Computes the outputs of some rows from h and the layer's inputs.</summary>
    public void Forward(CellMemory memory, float* inputs, int stride, int first, int rows)
    {
        if (_norm is not null)
            _norm.Forward(memory.Hidden[memory.Lanes], memory.Hidden.Stride, Values, first, rows);
        for (int row = first; row < first + rows; row++)
        {
            if (_norm is null)
                memory.Hidden.Span(memory.Lanes + row).CopyTo(Values.Span(row));
            if (_addsInputs)
                Elementwise.Run(new AddTo(inputs + (long)row * stride, Values[row]), Values.Columns);
        }
    }

    /// <summary>Keeps what the layer's inputs get past the cell, before <see cref="ToHidden"/>.</summary>
    public void KeepResidual(Rows outputGradient, int first, int rows)
    {
        for (int row = first; _addsInputs && row < first + rows; row++)
            outputGradient.Span(row).CopyTo(_gradient.Span(row));
    }

    /// <summary>Makes the gradient of some rows' outputs that of their h, in its place.</summary>
    public void ToHidden(Rows outputGradient, GradientRows rows, float* gradient) => _norm?.Backward(outputGradient, rows, gradient);

    /// <summary>Adds to the gradient of the layer's inputs what they get past the cell.</summary>
    public void AddResidual(Rows inputGradient, int first, int rows)
    {
        for (int row = first; _addsInputs && row < first + rows; row++)
            Elementwise.Run(new AddTo(_gradient[row], inputGradient[row]), _gradient.Columns);
    }

    public void Dispose()
    {
        _norm?.Dispose();
        Values.Dispose();
        _gradient.Dispose();
    }
}

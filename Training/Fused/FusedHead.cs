using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Fused.Threads;

namespace Orleans.Tbptt.Training.Fused;

/// <summary>The linear head at every time step.</summary>
internal sealed unsafe class FusedHead : IDisposable
{
    private readonly Team _team;
    private readonly Weight _weight;
    private readonly Bias _bias;
    private readonly Rows _biases;
    private readonly Rows _zeros;
    private readonly OutputGradient _gradient;

    public FusedHead(Team team, ParameterLayout layout)
    {
        (_team, _gradient) = (team, new(team));
        _weight = new(team, layout, layout.Head);
        _bias = new(layout, "head.bias");
        Outputs = new(_weight.Outputs);
        _biases = new(_weight.Outputs);
        _biases.Reserve(1);
        _zeros = new(_weight.Inputs);
        _zeros.Reserve(1);
    }

    /// <summary>The outputs of each row; the loss replaces them by their gradient.</summary>
    public Rows Outputs { get; }

    /// <summary>Loads the parameters.</summary>
    public void Load(float* parameters)
    {
        _weight.Load(parameters, toInputs: true);
        _bias.CopyTo(parameters, _biases[0]);
    }

    public void Forward(float* inputs, nint inputsRow, int rows)
    {
        Outputs.Reserve(rows);
        _weight.ForwardAll(inputs, inputsRow, _biases[0], Outputs, rows);
    }

    /// <summary>Computes the gradients of inputs, weight and bias from that of the outputs.</summary>
    public void Backward(float* inputs, nint inputsRow, Rows inputGradient, int rows, RowSums sums, float* gradient)
    {
        _weight.BackwardAll(Outputs[0], Outputs.Stride, _zeros[0], inputGradient, rows);
        var outputGradient = _gradient.Of(Outputs, new(rows, sums: sums));
        _weight.Gradient(outputGradient, inputs, inputsRow, _zeros[0], gradient);
        _bias.Gradient(_team, outputGradient, gradient);
    }

    public void Dispose()
    {
        foreach (IDisposable one in (IDisposable[])[_weight, Outputs, _biases, _zeros, _gradient])
            one.Dispose();
    }
}

using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Fused.Threads;

namespace Orleans.Tbptt.Training.Fused;

/// <summary>The h of a layer as a product of what its cell gives with <c>weight_hr</c>, time step by time step.</summary>
internal sealed unsafe class Projection : IDisposable
{
    private readonly Weight _weight;
    private readonly Rows _zeros;
    private readonly OutputGradient _gradient;

    private Projection(Team team, ParameterLayout layout, string layer)
    {
        _gradient = new(team);
        _weight = new(team, layout, $"rnn.weight_hr_l{layer}");
        _zeros = new(Math.Max(_weight.Inputs, _weight.Outputs));
        _zeros.Reserve(1);
    }

    /// <summary>That of a layer; null where h is what the cell gives.</summary>
    public static Projection? Of(Team team, RecurrentCell cell, ParameterLayout layout, string layer) =>
        cell.Projection is null ? null : new(team, layout, layer);

    /// <summary>Loads the weight.</summary>
    public void Load(float* parameters) => _weight.Load(parameters, toInputs: true);

    /// <summary>Computes h of a time step, after the cell.</summary>
    public void Forward(CellMemory memory, TimeStep at)
    {
        int after = memory.Lanes + at.Row;
        _weight.Forward(memory.CellOutputs[after], memory.CellOutputs.Stride, _zeros[0], 0, memory.Hidden, after, at.Lanes);
    }

    /// <summary>Computes the gradient of what the cell gave at a time step from that of h, before the cell's own.</summary>
    public void Backward(CellMemory memory, TimeStep at) => _weight.Backward(
        memory.OutputGradient[at.Row], memory.OutputGradient.Stride, _zeros[0], 0, memory.CellOutputGradient, at.Row, at.Lanes);

    /// <summary>Computes the gradient of the weight, summed over rows, after all time steps.</summary>
    public void Gradient(CellMemory memory, GradientRows rows, float* gradient) => _weight.Gradient(
        _gradient.Of(memory.OutputGradient, rows), memory.CellOutputs[memory.Lanes], memory.CellOutputs.Stride, rows, _zeros[0], gradient);

    public void Dispose()
    {
        foreach (IDisposable one in (IDisposable[])[_weight, _zeros, _gradient])
            one.Dispose();
    }
}

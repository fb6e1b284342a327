using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Fused.Simd;
using Orleans.Tbptt.Training.Fused.Threads;

namespace Orleans.Tbptt.Training.Fused;

/// <summary>
/// A layer that runs over whole sequences in both directions, each from a state of zeros: two layers, of which one gets the mirrored rows.
/// What it gives of a row is the h of both next to each other.
/// </summary>
internal sealed unsafe class BidirectionalLayer : IDisposable
{
    private readonly FusedLayer _forward;
    private readonly FusedLayer _reverse;
    private readonly Rows _mirrored;
    private readonly Rows _reverseGradient;
    private readonly int _states;

    /// <summary>Makes a layer of a stack.</summary>
    /// <param name="team">Its threads.</param>
    /// <param name="model">The network.</param>
    /// <param name="layout">Its parameters.</param>
    /// <param name="index">The layer, from 0.</param>
    public BidirectionalLayer(Team team, ModelSpec model, ParameterLayout layout, int index)
    {
        _forward = new(team, model, layout, $"{index}", inputs: null);
        _reverse = new(team, model, layout, $"{index}{ParameterLayout.Reverse}", inputs: null);
        (_mirrored, _reverseGradient) = (new(_forward.Input.Inputs), new(_forward.Input.Inputs));
        (Outputs, OutputGradient) = (new(model.LayerOutputs), new(model.LayerOutputs));
        _states = model.Cell.States;
    }

    /// <summary>What the next layer, or the head, gets of each row.</summary>
    public Rows Outputs { get; }

    /// <summary>The gradient of <see cref="Outputs"/>.</summary>
    public Rows OutputGradient { get; }

    /// <summary>Loads the parameters.</summary>
    /// <param name="parameters">The flat parameters.</param>
    /// <param name="toInputs">Whether the gradient of its inputs is needed.</param>
    public void Load(float* parameters, bool toInputs)
    {
        _forward.Load(parameters, toInputs);
        _reverse.Load(parameters, toInputs);
    }

    /// <summary>Computes the outputs.</summary>
    /// <param name="inputs">The inputs of each row.</param>
    /// <param name="times">The time steps.</param>
    /// <param name="mirror">The rows in the other direction.</param>
    /// <param name="backward">Whether gradients are needed.</param>
    public void Forward(Rows inputs, Timetable times, MirroredRows mirror, bool backward)
    {
        int rows = times.Rows, lanes = times.Lanes;
        mirror.Copy(inputs[0], inputs.Stride, _mirrored, rows);
        Run(_forward, inputs, times, backward);
        Run(_reverse, _mirrored, times, backward);
        Outputs.Reserve(rows);
        for (int row = 0; row < rows; row++)
        {
            var output = Outputs.Span(row);
            var own = _forward.Memory.Hidden.Span(lanes + row);
            own.CopyTo(output);
            _reverse.Memory.Hidden.Span(lanes + mirror[row]).CopyTo(output[own.Length..]);
        }

        if (backward)
            OutputGradient.Reserve(rows);
    }

    /// <summary>Computes the gradients of the parameters, and of the inputs where they are wanted, from that of the outputs.</summary>
    /// <param name="inputs">The inputs of each row.</param>
    /// <param name="times">The time steps.</param>
    /// <param name="mirror">The rows in the other direction.</param>
    /// <param name="inputGradient">Receives the gradient of the inputs; null where it is not wanted.</param>
    /// <param name="gradient">The flat gradient.</param>
    public void Backward(Rows inputs, Timetable times, MirroredRows mirror, Rows? inputGradient, float* gradient)
    {
        int rows = times.Rows;
        for (int row = 0; row < rows; row++)
        {
            var output = OutputGradient.Span(row);
            var own = _forward.Memory.OutputGradient.Span(row);
            output[..own.Length].CopyTo(own);
            output[own.Length..].CopyTo(_reverse.Memory.OutputGradient.Span(mirror[row]));
        }

        Run(_forward, inputs, times, gradient);
        Run(_reverse, _mirrored, times, gradient);
        if (inputGradient is null)
            return;
        _reverseGradient.Reserve(rows);
        _forward.ToInputs(inputGradient, rows);
        _reverse.ToInputs(_reverseGradient, rows);
        for (int row = 0; row < rows; row++)
            Elementwise.Run(new AddTo(_reverseGradient[mirror[row]], inputGradient[row]), inputGradient.Columns);
    }

    public void Dispose()
    {
        foreach (IDisposable one in (IDisposable[])[_forward, _reverse, _mirrored, _reverseGradient, Outputs, OutputGradient])
            one.Dispose();
    }

    private void Run(FusedLayer layer, Rows inputs, Timetable times, bool backward)
    {
        var memory = layer.Memory;
        layer.Reserve(times, backward);
        for (int state = 0; state < _states; state++)
            memory.History(state).Clear(times.Lanes);
        layer.Input.ForwardAll(inputs[0], inputs.Stride, layer.InputBias, memory.Gates, times.Rows);
        layer.Forward(times);
    }

    private static void Run(FusedLayer layer, Rows inputs, Timetable times, float* gradient)
    {
        layer.Memory.BeginBackward(times);
        layer.Backward(times);
        var rows = times.All(RowSums.Ascending);
        layer.Gradient(rows, gradient);
        layer.InputGradient(inputs[0], inputs.Stride, rows, gradient);
    }
}

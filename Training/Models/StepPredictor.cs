using Orleans.Tbptt.Data;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Models;

/// <summary>
/// Runs a trained model one time step at a time over streams that have nothing to do with each other: a row of one product each. Computes
/// with the fused engine, in which no row depends on another one: a stream's outputs and hidden state have the same bits whatever streams
/// share its product, and those of <see cref="SequencePredictor"/>.
/// </summary>
/// <remarks>Not thread-safe. Allocates nothing once its buffers have grown to the largest number of rows.</remarks>
public sealed class StepPredictor : IDisposable
{
    private readonly FusedReplica _replica;
    private readonly ChunkBatch _batch;
    private readonly OutputMap _map;

    /// <summary>Loads a model.</summary>
    /// <param name="spec">Its spec, every size known.</param>
    /// <param name="shape">The shape of a time step; what targets would be does not matter, as long as they fit the loss.</param>
    /// <param name="parameters">The parameters, in the order of <see cref="ParameterLayout"/>.</param>
    public StepPredictor(RunSpec spec, DataShape shape, ReadOnlySpan<float> parameters)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(shape);
        (Shape, Outputs) = (shape, spec.Model.OutputSize!.Value);
        (_batch, _map) = (new(shape), new(spec.Train.Loss));
        _replica = new(spec.Model, spec.Train.Loss);
        _replica.LoadParameters(parameters);
        InitialState = Steps.InitialState.Of(_replica.Layout, parameters);
    }

    /// <summary>The shape of a time step.</summary>
    public DataShape Shape { get; }

    /// <summary>Outputs of a row.</summary>
    public int Outputs { get; }

    /// <summary>Values of one stream's hidden state, <c>[state][layer][unit]</c> (<see cref="CellSpec.StateNames"/>).</summary>
    public int HiddenLength => _replica.Layout.HiddenPerLane;

    /// <summary>The hidden state with which a stream starts, <c>[HiddenLength]</c>: zero, or what was learned.</summary>
    public ReadOnlyMemory<float> InitialState { get; }

    /// <summary>Runs one time step of each stream.</summary>
    /// <param name="rows">How many streams.</param>
    /// <param name="values">Their inputs that are values, <c>[rows, Shape.InputFeatures]</c>.</param>
    /// <param name="codes">Their inputs that are tokens or classes, <c>[rows, Shape.Codes]</c>.</param>
    /// <param name="before">Their hidden states before the step, <c>[rows, HiddenLength]</c>.</param>
    /// <param name="after">Receives those after it; not the same memory.</param>
    /// <param name="outputs">Receives what is predicted, as values are trained on, <c>[rows, Outputs]</c>.</param>
    public void Step(
        int rows, ReadOnlySpan<float> values, ReadOnlySpan<long> codes, ReadOnlySpan<float> before, Span<float> after, Span<float> outputs)
    {
        _batch.LoadStep(rows, values[..(rows * Shape.InputFeatures)], codes[..(rows * Shape.Codes)]);
        _replica.Predict(_batch, before, after[..(rows * HiddenLength)], outputs[..(rows * Outputs)]);
        _map.Apply(outputs[..(rows * Outputs)]);
    }

    /// <inheritdoc/>
    public void Dispose() => _replica.Dispose();
}

using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Fused.Threads;

namespace Orleans.Tbptt.Training.Fused;

/// <summary>How the hidden state before a time step enters a layer's gates: by no product, by one, or by two with the reset gate.</summary>
internal abstract unsafe class Recurrence : IDisposable
{
    /// <summary>What a cell needs.</summary>
    /// <param name="team">Computes what is computed of all rows of a chunk.</param>
    /// <param name="cell">The cell.</param>
    /// <param name="layout">The parameters.</param>
    /// <param name="layer">The layer, as names of parameters end with it: <c>0</c>, <c>0_reverse</c>.</param>
    /// <param name="maySweep">Whether nothing comes between the cell's time steps, so that all of them may run in one.</param>
    public static Recurrence Of(Team team, RecurrentCell cell, ParameterLayout layout, string layer, bool maySweep) =>
        !cell.HasHiddenWeights ? new NoRecurrence() : cell.ResetsFirst ? new ResetProduct(team, layout, layer)
            : new HiddenProduct(team, layout, layer, cell, maySweep);

    /// <summary>Loads the weights.</summary>
    public abstract void LoadWeights(float* parameters);

    /// <summary>Loads the bias.</summary>
    /// <param name="parameters">The flat parameters.</param>
    /// <param name="inputBias">What the sums over inputs begin with; the bias is added where the sums are not kept separately.</param>
    public abstract void LoadBias(float* parameters, float* inputBias);

    /// <summary>Prepares for a chunk of so many lanes, some of which other threads may run.</summary>
    public virtual void Begin(int lanes)
    {
    }

    /// <summary>Computes the sums over the hidden state, or adds them to those over inputs.</summary>
    public abstract void Forward(CellMemory memory, TimeStep at);

    /// <summary>
    /// Adds to the output gradient of the time step before what the gradient of the gates' sums gives; there is none at the chunk's start.
    /// </summary>
    public abstract void Backward(CellMemory memory, TimeStep at);

    /// <summary>
    /// Runs some of the time steps, the cell's part included, where that is faster; otherwise returns false and does nothing.
    /// </summary>
    public virtual bool SweepsForward(CellMemory memory, Timetable times, StepRange range) => false;

    /// <summary>The same for the backward pass.</summary>
    public virtual bool SweepsBackward(CellMemory memory, Timetable times, StepRange range) => false;

    /// <summary>Computes the gradients of weight and bias, summed over rows, from those of the rows' sums.</summary>
    /// <param name="memory">The layer's buffers.</param>
    /// <param name="rows">Which rows, and how the sums over them run.</param>
    /// <param name="gateGradient">The gradients of these rows' sums over inputs.</param>
    /// <param name="inputBias">The bias of the inputs, whose gradient is known.</param>
    /// <param name="gradient">The flat gradient.</param>
    public abstract void Gradient(CellMemory memory, GradientRows rows, OutputGradient gateGradient, Bias inputBias, float* gradient);

    public abstract void Dispose();
}

/// <summary>Gates of the inputs alone.</summary>
internal sealed unsafe class NoRecurrence : Recurrence
{
    public override void LoadWeights(float* parameters)
    {
    }

    public override void LoadBias(float* parameters, float* inputBias)
    {
    }

    public override void Forward(CellMemory memory, TimeStep at)
    {
    }

    public override void Backward(CellMemory memory, TimeStep at)
    {
    }

    public override void Gradient(CellMemory memory, GradientRows rows, OutputGradient gateGradient, Bias inputBias, float* gradient)
    {
    }

    public override void Dispose()
    {
    }
}

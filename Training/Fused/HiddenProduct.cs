using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Fused.Threads;

namespace Orleans.Tbptt.Training.Fused;

/// <summary>One product of the hidden state with all gates' weights.</summary>
internal sealed unsafe class HiddenProduct : Recurrence
{
    private readonly Team _team;
    private readonly bool _splits;
    private readonly Weight _weight;
    private readonly Bias _bias;
    private readonly Rows _init;
    private readonly Rows _zeros;
    private readonly OutputGradient _hiddenGradient;
    private readonly LaneSweep? _sweep;
    private bool _mayBeNarrow = true;
    private bool _sweepIsLoaded;

    /// <summary>Finds the parameters.</summary>
    /// <param name="team">Computes what is computed of all rows of a chunk.</param>
    /// <param name="layout">The parameters.</param>
    /// <param name="layer">The layer, as names of parameters end with it: <c>0</c>, <c>0_reverse</c>.</param>
    /// <param name="cell">The cell.</param>
    /// <param name="maySweep">Whether all time steps of the cell may run in one.</param>
    public HiddenProduct(Team team, ParameterLayout layout, string layer, RecurrentCell cell, bool maySweep)
    {
        (_team, _hiddenGradient, _splits) = (team, new(team), cell.SplitsGates);
        _weight = new(team, layout, $"rnn.weight_hh_l{layer}");
        _bias = new(layout, $"rnn.bias_hh_l{layer}");
        (_init, _zeros) = (new(_weight.Outputs), new(_weight.Inputs));
        _init.Reserve(1);
        _zeros.Reserve(1);
        if (maySweep && _weight.Inputs <= LaneSweep.MostUnits)
            _sweep = cell.Sweep(_weight.Inputs);
    }

    public override void LoadWeights(float* parameters)
    {
        _weight.Load(parameters, toInputs: true);
        _sweepIsLoaded = _sweep is not null && _mayBeNarrow;
        if (_sweepIsLoaded)
            _sweep!.Load(_weight.In(parameters), _weight.Stride);
    }

    public override void LoadBias(float* parameters, float* inputBias)
    {
        _bias.CopyTo(parameters, _init[0]);
        if (!_splits)
            _bias.AddTo(parameters, inputBias);
    }

    public override void Forward(CellMemory memory, TimeStep at)
    {
        // With separate sums, those over the hidden state begin with their own bias; otherwise they continue those over the inputs.
        float* init = _splits ? _init[0] : memory.Gates[at.Row];
        _weight.Forward(
            memory.Hidden[at.Before], memory.Hidden.Stride, init, _splits ? 0 : memory.Gates.Stride, memory.HiddenGates, at.Row, at.Lanes);
    }

    public override void Backward(CellMemory memory, TimeStep at)
    {
        if (at.RowBefore < 0)
            return;
        float* before = memory.OutputGradient[at.RowBefore];
        _weight.Backward(
            memory.HiddenGates[at.Row], memory.HiddenGates.Stride, before, memory.OutputGradient.Stride, memory.OutputGradient,
            at.RowBefore, at.Lanes);
    }

    // Weights are packed for sweeps only if the chunk before was narrow, too.
    public override void Begin(int lanes) => _mayBeNarrow = lanes <= LaneSweep.MostLanes;

    public override bool SweepsForward(CellMemory memory, Timetable times, StepRange range)
    {
        if (!_mayBeNarrow || !_sweepIsLoaded)
            return false;
        _sweep!.Forward(memory, times.In(range), _init[0]);
        return true;
    }

    public override bool SweepsBackward(CellMemory memory, Timetable times, StepRange range)
    {
        if (times.Lanes > LaneSweep.MostLanes || !_sweepIsLoaded)
            return false;
        _sweep!.Backward(memory, times.In(range), times.Carries);
        return true;
    }

    public override void Gradient(CellMemory memory, GradientRows rows, OutputGradient gateGradient, Bias inputBias, float* gradient)
    {
        var hiddenGradient = _splits ? _hiddenGradient.Of(memory.HiddenGates, rows) : gateGradient;
        _weight.Gradient(hiddenGradient, memory.Hidden, rows.Before, _zeros[0], gradient);
        if (_splits)
            _bias.Gradient(_team, hiddenGradient, gradient);
        else
            _bias.CopyGradient(inputBias, gradient);
    }

    public override void Dispose()
    {
        foreach (IDisposable one in (IDisposable[])[_weight, _init, _zeros, _hiddenGradient])
            one.Dispose();
        _sweep?.Dispose();
    }
}

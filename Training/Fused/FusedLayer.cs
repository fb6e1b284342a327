using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Fused.Threads;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Fused;

/// <summary>One recurrent layer: matrix products over all rows where possible, over one time step's rows where necessary.</summary>
internal sealed unsafe class FusedLayer : IDisposable
{
    private readonly Team _team;
    private readonly RecurrentCell _cell;
    private readonly Recurrence _recurrence;
    private readonly Bias _inputBias;
    private readonly Rows _biases;
    private readonly Rows _zeros;
    private readonly Projection? _projection;
    private readonly WeightDrop? _drop;
    private readonly Zoneout[] _zoneouts;
    private readonly LayerOutput? _output;

    /// <summary>Makes a layer of a stack in one direction.</summary>
    /// <param name="team">Its threads.</param>
    /// <param name="model">The network.</param>
    /// <param name="layout">Its parameters.</param>
    /// <param name="index">The layer, from 0.</param>
    public FusedLayer(Team team, ModelSpec model, ParameterLayout layout, int index)
        : this(team, model, layout, $"{index}", index == 0 ? model.ValueInputs : null)
    {
        _drop = model.Dropout.Weight > 0 ? new(layout, index, _recurrence) : null;
        _zoneouts = Zoneout.Of(model, index);
        _output = LayerOutput.Of(model, layout, index);
    }

    /// <summary>Makes one direction of a layer, which nothing is dropped in and whose outputs are its h.</summary>
    /// <param name="team">Its threads.</param>
    /// <param name="model">The network.</param>
    /// <param name="layout">Its parameters.</param>
    /// <param name="layer">The layer, as names of parameters end with it: <c>0</c>, <c>0_reverse</c>.</param>
    /// <param name="inputs">The first so many of its inputs, which are those of <see cref="Input"/>; null for all.</param>
    public FusedLayer(Team team, ModelSpec model, ParameterLayout layout, string layer, int? inputs)
    {
        (_team, GateGradient) = (team, new(team));
        _cell = (RecurrentCell)model.Cell;
        Memory = new(_cell, model.HiddenSize);
        Input = new(team, layout, $"rnn.weight_ih_l{layer}", 0, inputs);
        _recurrence = Recurrence.Of(team, _cell, layout, layer, maySweep: !model.Dropout.Zones);
        _inputBias = new(layout, $"rnn.bias_ih_l{layer}");
        _biases = new(Input.Outputs);
        _biases.Reserve(1);
        _zeros = new(Input.Inputs);
        _zeros.Reserve(1);
        _projection = Projection.Of(team, _cell, layout, layer);
        _zoneouts = [];
    }

    /// <summary>The buffers of the chunk.</summary>
    public CellMemory Memory { get; }

    /// <summary>The weight of its inputs, less those that are vectors of an embedding (<see cref="EmbeddingTable"/>).</summary>
    public Weight Input { get; }

    /// <summary>The gradients of rows' sums over inputs, after <see cref="Gradient"/> over these rows.</summary>
    public OutputGradient GateGradient { get; }

    /// <summary>
    /// The initial value of the sums over inputs: the input bias, or the sum of both biases where the cell does not separate them.
    /// </summary>
    public float* InputBias => _biases[0];

    /// <summary>Loads the parameters.</summary>
    /// <param name="parameters">The flat parameters.</param>
    /// <param name="toInputs">Whether the gradient of its inputs is needed.</param>
    public void Load(float* parameters, bool toInputs)
    {
        Input.Load(parameters, toInputs);
        _inputBias.CopyTo(parameters, _biases[0]);
        _recurrence.LoadWeights(parameters);
        _recurrence.LoadBias(parameters, _biases[0]);
        _projection?.Load(parameters);
        _drop?.Load(parameters);
        _output?.Load(parameters);
    }

    /// <summary>What the next layer, or the head, gets of each row, the chunk's first row first.</summary>
    public float* Outputs(out int stride)
    {
        stride = _output is null ? Memory.Hidden.Stride : _output.Values.Stride;
        return _output is null ? Memory.Hidden[Memory.Lanes] : _output.Values[0];
    }

    /// <summary>Computes <see cref="Outputs"/> of some rows from their h and the layer's inputs, where they are not h.</summary>
    public void Finish(float* inputs, int stride, int first, int rows) => _output?.Forward(Memory, inputs, stride, first, rows);

    /// <summary>Adds to the gradient of some rows' inputs what they get past the cell, after <c>Backward</c>.</summary>
    public void AddResidual(Rows inputGradient, int first, int rows) => _output?.AddResidual(inputGradient, first, rows);

    /// <summary>Makes room for a chunk.</summary>
    /// <param name="times">Its time steps.</param>
    /// <param name="backward">Whether gradients are needed.</param>
    public void Reserve(Timetable times, bool backward)
    {
        Memory.Begin(times.Lanes, times.Rows, backward);
        _recurrence.Begin(times.Lanes);
        _output?.Reserve(times.Rows);
    }

    /// <summary>Prepares for a chunk what is dropped in the layer itself.</summary>
    public void Begin(ChunkBatch batch, DropoutMasks dropout)
    {
        _drop?.Begin(dropout);
        foreach (var zoneout in _zoneouts)
            zoneout.Begin(batch, dropout);
    }

    /// <summary>
    /// Runs the time steps. Expects the sums over inputs, biases included, in <see cref="CellMemory.Gates"/>, and the initial state in the
    /// histories. Members of the team have some of the lanes each, where there are enough.
    /// </summary>
    public void Forward(Timetable times)
    {
        if (DividesLanes(times))
            _team.Run(new ForwardLanes(this, times));
        else
            Forward(times, times.Whole);
    }

    /// <summary>Runs some of the time steps, on the calling thread.</summary>
    public void Forward(Timetable times, StepRange range)
    {
        if (!_recurrence.SweepsForward(Memory, times, range))
            Forward(times.In(range), new(0, times.Lanes));
    }

    private void Forward(ReadOnlySpan<TimeStep> steps, LaneRange lanes)
    {
        foreach (var step in steps)
        {
            var at = step.Of(lanes);
            if (at.Lanes <= 0)
                return; // Lanes end, and none begins.
            _recurrence.Forward(Memory, at);
            _cell.Forward(Memory, at);
            _projection?.Forward(Memory, at);
            foreach (var zoneout in _zoneouts)
                zoneout.Forward(Memory, at);
        }
    }

    /// <summary>Keeps, of the gradient of its outputs, what the layer's inputs get past the cell, for some rows.</summary>
    public void KeepResidual(int first, int rows) => _output?.KeepResidual(Memory.OutputGradient, first, rows);

    /// <summary>Whether the gradient of its outputs is that of its h, but for what its inputs get past the cell.</summary>
    public bool GivesHidden => _output is null or { Normalises: false };

    /// <summary>Makes the gradient of some rows' outputs that of their h; sums the normalisation's gradients over them.</summary>
    public void ToHidden(GradientRows rows, float* gradient) => _output?.ToHidden(Memory.OutputGradient, rows, gradient);

    /// <summary>
    /// Backpropagates through the chunk: from the gradient of h to that of the gates' sums. It stops at the chunk's first time
    /// step, where the initial state is a constant; or, where the times carry the state's gradient, it begins with that of the state after
    /// the piece, and leaves that of the initial state, in <see cref="CellMemory.StateGradient"/>.
    /// </summary>
    public void Backward(Timetable times)
    {
        if (DividesLanes(times))
            _team.Run(new BackwardLanes(this, times));
        else
            Backward(times, times.Whole);
    }

    /// <summary>Backpropagates through some of the time steps, on the calling thread, after those behind them.</summary>
    public void Backward(Timetable times, StepRange range)
    {
        if (!_recurrence.SweepsBackward(Memory, times, range))
            Backward(times.In(range), new(0, times.Lanes), times.Carries);
    }

    private void Backward(ReadOnlySpan<TimeStep> steps, LaneRange lanes, bool carries)
    {
        for (int i = steps.Length - 1; i >= 0; i--)
        {
            var at = steps[i].Of(lanes);
            if (at.Lanes <= 0)
                continue;
            if (carries)
                Memory.TakeCarried(at);
            foreach (var zoneout in _zoneouts)
                zoneout.BeforeCell(Memory, at);
            _projection?.Backward(Memory, at);
            _cell.Backward(Memory, at);
            foreach (var zoneout in _zoneouts)
                zoneout.AfterCell(Memory, at);
            _recurrence.Backward(Memory, at);
        }
    }

    /// <summary>Whether members of the team run the time steps of some lanes each: tiles of fewer than four rows are slow.</summary>
    public bool DividesLanes(Timetable times) => times.Lanes >= 4 * _team.Size && _team.Shares(CostOf(times.Rows));

    /// <summary>Multiply-adds of the time steps of so many rows, or what takes as long.</summary>
    public long CostOf(int rows) => (long)rows * Input.Outputs * (Memory.Units + 16);

    /// <summary>
    /// The gradients of the recurrent weight and of the biases, summed over rows, after <c>Backward</c>.
    /// </summary>
    public void Gradient(GradientRows rows, float* gradient)
    {
        // The gradients of both weights start from it.
        GateGradient.Of(Memory.Gates, rows);
        _inputBias.Gradient(_team, GateGradient, gradient);
        _recurrence.Gradient(Memory, rows, GateGradient, _inputBias, gradient);
        _projection?.Gradient(Memory, rows, gradient);
        if (rows.Sums == RowSums.Ascending)
            _drop?.Backward(gradient);
    }

    /// <summary>Ends a backward pass that came in pieces.</summary>
    public void EndPieces(float* gradient) => _drop?.Backward(gradient);

    /// <summary>The gradient of the input weight, after <see cref="Gradient"/> over the same rows.</summary>
    public void InputGradient(float* inputs, nint inputsRow, GradientRows rows, float* gradient) =>
        Input.Gradient(GateGradient, inputs, inputsRow, rows, _zeros[0], gradient);

    /// <summary>Computes the gradient of the inputs from that of the gates' sums.</summary>
    public void ToInputs(Rows inputGradient, int rows) =>
        Input.BackwardAll(Memory.Gates[0], Memory.Gates.Stride, _zeros[0], inputGradient, rows);

    /// <summary>The same of some rows, on the calling thread.</summary>
    public void ToInputs(Rows inputGradient, int first, int rows) =>
        Input.Backward(Memory.Gates[first], Memory.Gates.Stride, _zeros[0], 0, inputGradient, first, rows);

    public void Dispose()
    {
        foreach (IDisposable one in (IDisposable[])[Memory, Input, _recurrence, _biases, _zeros, GateGradient, .. _zoneouts])
            one.Dispose();
        _projection?.Dispose();
        _output?.Dispose();
    }

    private readonly struct ForwardLanes(FusedLayer layer, Timetable times) : ITeamWork
    {
        public void Do(int member) => layer.Forward(times.Steps, times.LanesOf(member, layer._team.Size));
    }

    private readonly struct BackwardLanes(FusedLayer layer, Timetable times) : ITeamWork
    {
        public void Do(int member) => layer.Backward(times.Steps, times.LanesOf(member, layer._team.Size), times.Carries);
    }
}

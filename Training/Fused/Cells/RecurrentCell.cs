using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Fused.Simd;

namespace Orleans.Tbptt.Training.Fused.Cells;

/// <summary>One time step of the active lanes, in the buffers of a <see cref="CellMemory"/>.</summary>
/// <param name="Row">Its first row.</param>
/// <param name="Lanes">Its rows, one per lane.</param>
/// <param name="Before">The first row of the same lanes' previous state in the histories, which begin with the chunk's initial
/// state.</param>
/// <param name="RowBefore">
/// The first row of the previous time step; −1 at the chunk's start, where the gradient ends, or, where it reaches a learned state there,
/// the first row behind the chunk's own; in a step that is run in pieces always the latter, which carry the gradient of the state from each
/// time step to the one before.
/// </param>
/// <param name="First">The first of its lanes: 0, unless they are a part of those that are active.</param>
internal readonly record struct TimeStep(int Row, int Lanes, int Before, int RowBefore, int First = 0)
{
    /// <summary>The same for some of the lanes, of which none may be active at this time step.</summary>
    public TimeStep Of(LaneRange lanes) => new(
        Row + lanes.First, Math.Min(Lanes, lanes.End) - lanes.First, Before + lanes.First,
        RowBefore < 0 ? RowBefore : RowBefore + lanes.First, lanes.First);
}

/// <summary>
/// The element-by-element part of a recurrent cell: everything between the matrix products, with PyTorch's gate order and equations.
/// </summary>
public abstract record RecurrentCell : CellSpec
{
    /// <summary>Whether sums over inputs and over the hidden state are kept separately.</summary>
    public virtual bool SplitsGates => false;

    /// <summary>Whether the last gate's sums are over r · h, the hidden state times the first gate, instead of h alone.</summary>
    internal virtual bool ResetsFirst => false;

    /// <summary>Numbers of a unit and row that the forward pass keeps for the backward pass, next to the gates' values.</summary>
    internal virtual int Kept => 0;

    /// <summary>Computes the new state, written to the histories, from the gates' sums; the gates' values replace their sums.</summary>
    internal abstract void Forward(CellMemory memory, TimeStep at);

    /// <summary>
    /// Computes the gradient of the gates' sums, which replaces the gates' values, from that of the step's outputs,
    /// <see cref="CellMemory.OutputGradient"/>. The gradient that reaches the previous time step other than through the recurrent weights
    /// is added to its output gradient or, of states other than h, kept in <see cref="CellMemory.StateGradient"/>.
    /// </summary>
    internal abstract void Backward(CellMemory memory, TimeStep at);

    /// <summary>
    /// What <see cref="Forward"/> does to a unit, from its sums, which are whole unless the cell splits them. Sums over r · h are no part
    /// of it.
    /// </summary>
    internal abstract void ForwardUnit<T>(CellUnit unit) where T : unmanaged, IFloats<T>;

    /// <summary>What <see cref="Backward"/> does to a unit.</summary>
    internal abstract void BackwardUnit<T>(CellUnit unit) where T : unmanaged, IFloats<T>;

    /// <summary>What runs all time steps of few units and one lane; null for a cell that has none.</summary>
    internal virtual LaneSweep? Sweep(int units) => null;
}

/// <summary>The buffers of a layer for one chunk. Rows are the chunk's; histories begin with the initial state, one row per lane.</summary>
internal sealed unsafe class CellMemory : IDisposable
{
    private readonly Rows[] _histories;
    private readonly Rows[] _gradients;

    public CellMemory(RecurrentCell cell, int units)
    {
        Units = units;
        Gates = new(cell.Gates * units);
        HiddenGates = cell.SplitsGates ? new(cell.Gates * units) : Gates;
        (OutputGradient, Kept) = (new(cell.Outputs(units)), new(cell.Kept * units));
        _histories = [.. cell.StateNames.Select((_, state) => new Rows(cell.Width(state, units)))];
        (CellOutputs, CellOutputGradient) = cell.Projection is null ? (Hidden, OutputGradient) : (new(units), new(units));
        _gradients = [OutputGradient.View(), .. cell.StateNames.Skip(1).Select(_ => new Rows(units))];
    }

    /// <summary>Units of the layer.</summary>
    public int Units { get; }

    /// <summary>The gates of each row: sums, then values, then gradients of the sums.</summary>
    public Rows Gates { get; }

    /// <summary>The sums over the hidden state where they are kept separately; otherwise <see cref="Gates"/>.</summary>
    public Rows HiddenGates { get; }

    /// <summary>History of h.</summary>
    public Rows Hidden => _histories[0];

    /// <summary>What the cell keeps of each row for the backward pass: its numbers of all units one after another.</summary>
    public Rows Kept { get; }

    /// <summary>
    /// The gradient of h as an output, for each row; in a step that is run in pieces followed by <see cref="StateGradient"/>.
    /// </summary>
    public Rows OutputGradient { get; }

    /// <summary>
    /// What the cell gives at each row, at its places in the histories: the history of h, unless h is its projection.
    /// </summary>
    public Rows CellOutputs { get; }

    /// <summary>The gradient of <see cref="CellOutputs"/>, for each row: <see cref="OutputGradient"/>, unless h is a projection.</summary>
    public Rows CellOutputGradient { get; }

    /// <summary>Rows of the initial state in the histories: the active lanes.</summary>
    public int Lanes { get; private set; }

    /// <summary>History of one of the cell's states, by its place in <see cref="CellSpec.StateNames"/>.</summary>
    public Rows History(int state) => _histories[state];

    /// <summary>
    /// The gradient of a state, propagated back through time, one row per lane. That of h is there in a step that is run in pieces, as what
    /// comes from the time steps behind, and where it reaches the chunk's start.
    /// </summary>
    public Rows StateGradient(int state) => _gradients[state];

    /// <summary>Resizes the buffers for a chunk.</summary>
    /// <param name="lanes">Its active lanes.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="backward">Whether gradients are needed.</param>
    public void Begin(int lanes, int rows, bool backward)
    {
        Lanes = lanes;
        Gates.Reserve(rows);
        HiddenGates.Reserve(rows);
        Kept.Reserve(rows);
        foreach (var history in _histories)
            history.Reserve(lanes + rows);
        CellOutputs.Reserve(lanes + rows);
        if (backward)
        {
            OutputGradient.Reserve(rows + lanes);
            CellOutputGradient.Reserve(rows);
        }

        foreach (var gradient in _gradients.AsSpan(1))
            gradient.Reserve(lanes);
    }

    /// <summary>Zeroes the gradients of states: none flows in from the next chunk.</summary>
    public void BeginBackward(Timetable times)
    {
        foreach (var gradient in _gradients.AsSpan(1))
            gradient.Clear(Lanes);
        if (!times.ReachesStart)
            return;
        BeginPiece(times.Rows);
        _gradients[0].Clear(Lanes);
    }

    /// <summary>Makes room for the gradient of the state after a piece, which is then to be loaded for every lane.</summary>
    /// <param name="rows">The piece's rows.</param>
    public void BeginPiece(int rows) => _gradients[0].MoveTo(rows);

    /// <summary>
    /// Adds what the time step behind left in <see cref="StateGradient"/> to the gradient of the outputs. It is a sum of its own at every
    /// time step, so that it makes no difference where a piece ends.
    /// </summary>
    public void TakeCarried(TimeStep at)
    {
        for (int lane = 0; lane < at.Lanes; lane++)
            Elementwise.Run(new AddTo(_gradients[0][at.First + lane], OutputGradient[at.Row + lane]), OutputGradient.Columns);
        _gradients[0].Clear(at.Lanes, at.First);
    }

    public void Dispose()
    {
        Rows[] own = [Gates, HiddenGates, OutputGradient, Kept, CellOutputs, CellOutputGradient];
        foreach (var rows in (Rows[])[.. own, .. _histories, .. _gradients[1..]])
            rows.Dispose();
    }
}

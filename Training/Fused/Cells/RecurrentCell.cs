using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Matrices;

namespace Orleans.Tbptt.Training.Fused.Cells;

/// <summary>One time step of the lanes at work, in the buffers of a <see cref="CellMemory"/>.</summary>
/// <param name="Row">Its first row.</param>
/// <param name="Lanes">Its rows, one a lane.</param>
/// <param name="Before">The state before it: the same lanes' first row in the histories, which begin with the chunk's initial state.</param>
/// <param name="RowBefore">The first row of the time step before it; −1 where the chunk begins, and the gradient ends.</param>
internal readonly record struct TimeStep(int Row, int Lanes, int Before, int RowBefore);

/// <summary>
/// The element-by-element part of a recurrent cell: what happens between the matrix products, with PyTorch's gate order and equations.
/// </summary>
internal abstract class RecurrentCell
{
    /// <summary>Values a unit has in <see cref="CellMemory.Gates"/>.</summary>
    public abstract int Gates { get; }

    /// <summary>Whether sums over inputs and over the hidden state are kept apart.</summary>
    public virtual bool SplitsGates => false;

    /// <summary>The cell a model names.</summary>
    public static RecurrentCell Of(CellKind cell) => cell switch { CellKind.Lstm => new LstmCell(), CellKind.Gru => new GruCell(), _ => new RnnCell() };

    /// <summary>From the gates' sums to the new state, which goes into the histories; the gates' values take the place of their sums.</summary>
    public abstract void Forward(CellMemory memory, TimeStep at);

    /// <summary>
    /// From the gradient of the step's outputs, <see cref="CellMemory.OutputGradient"/>, to that of the gates' sums, which takes the place of the gates' values. What goes
    /// to the time step before other than through the recurrent weights is added to its output gradient or kept in <see cref="CellMemory.CellGradient"/>.
    /// </summary>
    public abstract void Backward(CellMemory memory, TimeStep at);
}

/// <summary>What a layer remembers of a chunk. Rows are the chunk's, histories begin with a row a lane of the initial state.</summary>
internal sealed class CellMemory : IDisposable
{
    private readonly bool _hasCellState;

    public CellMemory(RecurrentCell cell, int units)
    {
        Units = units;
        Gates = new(cell.Gates * units);
        HiddenGates = cell.SplitsGates ? new(cell.Gates * units) : Gates;
        Hidden = new(units);
        OutputGradient = new(units);
        _hasCellState = cell is LstmCell;
        (CellState, CellTanh, CellGradient) = (new(units), new(units), new(units));
    }

    /// <summary>Units of the layer.</summary>
    public int Units { get; }

    /// <summary>Of each row, the gates: sums, then values, then gradients of the sums.</summary>
    public Rows Gates { get; }

    /// <summary>The sums over the hidden state where they are kept apart; otherwise <see cref="Gates"/>.</summary>
    public Rows HiddenGates { get; }

    /// <summary>History of h.</summary>
    public Rows Hidden { get; }

    /// <summary>History of an LSTM's c.</summary>
    public Rows CellState { get; }

    /// <summary>tanh c of each row.</summary>
    public Rows CellTanh { get; }

    /// <summary>Of each row, the gradient of h as an output.</summary>
    public Rows OutputGradient { get; }

    /// <summary>Of each lane, the gradient of c on its way back through time.</summary>
    public Rows CellGradient { get; }

    /// <summary>Rows in front of the histories: the lanes at work.</summary>
    public int Lanes { get; private set; }

    /// <summary>Makes room for a chunk.</summary>
    public void Begin(int lanes, int rows, bool backward)
    {
        Lanes = lanes;
        Gates.Reserve(rows);
        HiddenGates.Reserve(rows);
        Hidden.Reserve(lanes + rows);
        if (backward)
            OutputGradient.Reserve(rows);
        if (!_hasCellState)
            return;
        CellState.Reserve(lanes + rows);
        CellTanh.Reserve(rows);
        CellGradient.Reserve(lanes);
    }

    /// <summary>No gradient of c comes from behind the chunk.</summary>
    public void BeginBackward()
    {
        if (_hasCellState)
            CellGradient.Clear(0, Lanes);
    }

    public void Dispose()
    {
        foreach (var rows in (Rows[])[Gates, HiddenGates, Hidden, OutputGradient, CellState, CellTanh, CellGradient])
            rows.Dispose();
    }
}

using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Gpu.Code;
using Orleans.Tbptt.Training.Gpu.Devices;

namespace Orleans.Tbptt.Training.Gpu.Kernels;

/// <summary>
/// A thread of a sweep while its kernel is built: what it is given, which unit and lanes it has, and the time step it is at.
/// </summary>
internal sealed unsafe partial class SweepThread
{
    private readonly KernelBuilder _k;
    private readonly RecurrentCell _cell;
    private readonly SweepShape _shape;
    private readonly Pointer _kept;
    private readonly Pointer[] _gradients;
    private readonly Pointer _table;
    private readonly Pointer _counter;
    private readonly ZonedState[] _zones;
    private readonly Pointer[] _zoneKeys;
    private readonly Int _lanes;
    private readonly Int _groups;
    private readonly Int _firstLane;
    private readonly Int _blockLane;
    private readonly Int _ownPlace;
    private Int _active;

    /// <summary>Reads the parameters that both passes have, in the order in which <see cref="Arguments"/> gives them.</summary>
    public SweepThread(KernelBuilder k, RecurrentCell cell, SweepShape shape, ZonedState[] zones)
    {
        (_k, _cell, _shape, _zones) = (k, cell, shape, zones);
        Weight = k.PointerParameter();
        (Gates, HiddenGates, _kept) = (k.PointerParameter(), k.PointerParameter(), k.PointerParameter());
        States = [.. Enumerable.Range(0, cell.States).Select(_ => k.PointerParameter())];
        OutputGradient = k.PointerParameter();
        _gradients = [default, .. Enumerable.Range(1, cell.States - 1).Select(_ => k.PointerParameter())];
        (_table, _lanes, _groups, _counter) = (k.PointerParameter(), k.IntParameter(), k.IntParameter(), k.PointerParameter());
        _zoneKeys = [.. zones.Select(_ => k.PointerParameter())];
        if (cell.Projection is not null)
            (Projection, CellOutputs) = (k.PointerParameter(), k.PointerParameter());

        var thread = k.Thread;
        Int local = thread & (shape.BlockUnits - 1), group = thread / shape.BlockUnits;
        (LocalUnit, FirstUnit, Threads) = (local, k.BlockX * shape.BlockUnits, _groups * shape.BlockUnits);
        Unit = FirstUnit + local;
        UnitOrLast = Unit.AtMost(shape.Units - 1);
        HiddenOrLast = Unit.AtMost(shape.Hidden - 1);
        _blockLane = k.BlockY * (_groups * SweepShape.Lanes);
        _firstLane = _blockLane + (group * SweepShape.Lanes);
        _ownPlace = group * (SweepShape.Lanes * SweepShape.Row);
    }

    public Pointer Weight { get; }

    public Pointer Gates { get; }

    public Pointer HiddenGates { get; }

    public Pointer OutputGradient { get; }

    /// <summary>What the cell keeps of each row.</summary>
    public Pointer Kept => _kept;

    /// <summary>The histories.</summary>
    public Pointer[] States { get; }

    /// <summary>The block's first unit.</summary>
    public Int FirstUnit { get; }

    /// <summary>The thread's unit within the block, in the layer, and the layer's last one where it is none.</summary>
    public Int LocalUnit { get; }

    public Int Unit { get; }

    public Int UnitOrLast { get; }

    /// <summary>The thread's number of h, and the last one where it has none.</summary>
    public Int HiddenOrLast { get; }

    /// <summary>The weight of which h is a product with what the cell gives, and what that gives of each row.</summary>
    public Pointer Projection { get; }

    public Pointer CellOutputs { get; }

    /// <summary>Threads of the block.</summary>
    public Int Threads { get; }

    /// <summary>The time step's first row, the first of its lanes' states before, and the first row of the time step before.</summary>
    public Int Row { get; private set; }

    public Int Before { get; private set; }

    public Int RowBefore { get; private set; }

    /// <summary>What the host gives for these parameters.</summary>
    public static Argument[] Arguments(
        nint weight, nint gates, nint hiddenGates, nint kept, ReadOnlySpan<nint> states, nint outputGradient, ReadOnlySpan<nint> gradients,
        nint table, int lanes, int groups, nint counter, ReadOnlySpan<nint> rest)
    {
        var all = new List<Argument> { weight, gates, hiddenGates, kept };
        foreach (nint state in states)
            all.Add(state);
        all.Add(outputGradient);
        foreach (nint gradient in gradients)
            all.Add(gradient);
        all.AddRange([table, lanes, groups, counter]);
        foreach (nint one in rest)
            all.Add(one);
        return [.. all];
    }

    /// <summary>Begins a time step.</summary>
    public void Enter(Int step)
    {
        var at = step * SweepKernels.StepNumbers;
        (Row, _active, Before, RowBefore) = (_table.IntAt(at), _table.IntAt(at + 1), _table.IntAt(at + 2), _table.IntAt(at + 3));
    }

    /// <summary>Builds a part for each of the thread's lanes: its number within the thread, and its row within the time step.</summary>
    public void EachLane(Action<int, Int> action)
    {
        for (int lane = 0; lane < SweepShape.Lanes; lane++)
            action(lane, _firstLane + lane);
    }

    /// <summary>The same, executed where the lane is active and the unit one of the layer.</summary>
    public void EachActive(Action<int, Int> action) => EachActive(_shape.Units, action);

    /// <summary>The same, where there is such a number of h.</summary>
    public void EachHidden(Action<int, Int> action) => EachActive(_shape.Hidden, action);

    private void EachActive(int units, Action<int, Int> action) => EachLane((lane, row) =>
        _k.If((row < _active) & (Unit < units), () => action(lane, row)));

    /// <summary>
    /// Goes through the terms of sums in order. The left factors, one for each lane, pass through shared memory; every thread of the block
    /// loads a part of them.
    /// </summary>
    /// <param name="left">Room for them.</param>
    /// <param name="count">How many terms.</param>
    /// <param name="read">The left factor of a lane, by its row within the time step, and a term.</param>
    /// <param name="add">Adds a term; gets the place of the thread's first lane, the next one's is a row further.</param>
    public void EachTerm(Shared left, Int count, Func<Int, Int, F32> read, Action<Shared, Int> add)
    {
        var thread = _k.Thread;
        var all = _groups * (SweepShape.Lanes * SweepShape.Terms);
        _k.For(0, count, SweepShape.Terms, first =>
        {
            _k.For(thread, all, Threads, i =>
            {
                Int lane = i / SweepShape.Terms, term = i & (SweepShape.Terms - 1), row = _blockLane + lane;
                var value = _k.Variable(0f);
                _k.If((row < _active) & (first + term < count), () => _k.Assign(value, read(row, first + term)));
                left.Store((lane * SweepShape.Row) + term, value);
            });
            _k.Barrier();
            _k.For(0, (count - first).AtMost(SweepShape.Terms), 1, term => add(left.At(_ownPlace + term), first + term));
            _k.Barrier();
        });
    }

    /// <summary>A sum of terms for each of the thread's lanes, from 0.</summary>
    /// <param name="left">Room for the left factors.</param>
    /// <param name="count">How many terms.</param>
    /// <param name="read">The left factor of a lane, by its row within the time step, and a term.</param>
    /// <param name="weight">The right factor of a term.</param>
    public F32[] Sum(Shared left, Int count, Func<Int, Int, F32> read, Func<Int, F32> weight)
    {
        var sums = new F32[SweepShape.Lanes];
        EachLane((lane, _) => sums[lane] = _k.Variable(0f));
        EachTerm(left, count, read, (place, term) =>
        {
            var own = weight(term);
            for (int lane = 0; lane < SweepShape.Lanes; lane++)
                _k.Assign(sums[lane], F32.MultiplyAdd(place[lane * SweepShape.Row], own, sums[lane]));
        });
        return sums;
    }

    /// <summary>Waits until the other threads of the block, or of the grid, have ended the time step, too.</summary>
    public void WaitForOthers(bool ofGrid, Int arrivals)
    {
        if (!ofGrid)
        {
            _k.Barrier();
            return;
        }

        _k.Assign(arrivals, arrivals + (_k.BlocksX * _k.BlocksY));
        _k.GridBarrier(_counter, arrivals);
    }
}

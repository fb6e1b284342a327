using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Simd;
using Orleans.Tbptt.Training.Gpu.Code;
using Orleans.Tbptt.Training.Gpu.Devices;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Gpu.Kernels;

/// <summary>A state of which some units stay as they were (<see cref="Zoneout"/>).</summary>
/// <param name="State">0 for h, 1 for c.</param>
/// <param name="Rate">Their share.</param>
internal readonly record struct ZonedState(int State, double Rate)
{
    /// <summary>Those of a model.</summary>
    public static ZonedState[] Of(DropoutSpec dropout) =>
        [.. new ZonedState[] { new(0, dropout.Zoneout), new(1, dropout.ZoneoutCell) }.Where(zone => zone.Rate > 0)];
}

/// <summary>
/// A thread of a sweep while its kernel is built: what it is given, which unit and lanes it has, and the time step it is at.
/// </summary>
internal sealed unsafe class SweepThread
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

        var thread = k.Thread;
        Int local = thread & (shape.BlockUnits - 1), group = thread / shape.BlockUnits;
        (LocalUnit, FirstUnit, Threads) = (local, k.BlockX * shape.BlockUnits, _groups * shape.BlockUnits);
        Unit = FirstUnit + local;
        UnitOrLast = Unit.AtMost(shape.Units - 1);
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

    /// <summary>Threads of the block.</summary>
    public Int Threads { get; }

    /// <summary>The time step's first row, the first of its lanes' states before, and the first row of the time step before.</summary>
    public Int Row { get; private set; }

    public Int Before { get; private set; }

    public Int RowBefore { get; private set; }

    /// <summary>What the host gives for these parameters.</summary>
    public static Argument[] Arguments(
        nint weight, nint gates, nint hiddenGates, nint kept, ReadOnlySpan<nint> states, nint outputGradient, ReadOnlySpan<nint> gradients,
        nint table, int lanes, int groups, nint counter, ReadOnlySpan<nint> zoneKeys)
    {
        var all = new List<Argument> { weight, gates, hiddenGates, kept };
        foreach (nint state in states)
            all.Add(state);
        all.Add(outputGradient);
        foreach (nint gradient in gradients)
            all.Add(gradient);
        all.AddRange([table, lanes, groups, counter]);
        foreach (nint keys in zoneKeys)
            all.Add(keys);
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
    public void EachActive(Action<int, Int> action) => EachLane((lane, row) =>
        _k.If((row < _active) & (Unit < _shape.Units), () => action(lane, row)));

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

    /// <summary>Writes the cell's forward pass down for a lane; where sums are given, they are whole or those over the state.</summary>
    public void TraceForward(Int row, Func<int, F32>? sums) => TraceForward(row, unit =>
    {
        for (int gate = 0; sums is not null && gate < _cell.Gates; gate++)
        {
            if (_cell.SplitsGates)
                F32.Store(sums(gate), unit.HiddenGates + (gate * _shape.Units));
            else
                _k.Hold(unit.Gates + (gate * _shape.Units), sums(gate));
        }
    });

    private void TraceForward(Int row, Action<CellUnit> begin)
    {
        var unit = Trace(row);
        begin(unit);
        _cell.ForwardUnit<F32>(unit);
        for (int zone = 0; zone < _zones.Length; zone++)
        {
            int state = _zones[zone].State;
            new Zoneout.Mix(Mask(zone, row), (float*)unit.Before[state], (float*)unit.After[state]).Do<F32>(0);
        }

        _k.EndTraces();
    }

    /// <summary>Writes the cell's backward pass down for a lane.</summary>
    public void TraceBackward(Int row)
    {
        var unit = Trace(row);
        nint[] held = [.. _zones.Select(_ => (nint)_k.TraceRegister())];
        for (int zone = 0; zone < _zones.Length; zone++)
        {
            int state = _zones[zone].State;
            float* gradient = state == 0 ? unit.OutputGradient : (float*)unit.StateGradient[state];
            new Zoneout.Part(Mask(zone, row), gradient, (float*)held[zone]).Do<F32>(0);
            if (state == 0)
                new AddTo((float*)held[zone], unit.OutputGradientBefore).Do<F32>(0);
        }

        _cell.BackwardUnit<F32>(unit);
        for (int zone = 0; zone < _zones.Length; zone++)
        {
            if (_zones[zone].State > 0)
                new AddTo((float*)held[zone], (float*)unit.StateGradient[_zones[zone].State]).Do<F32>(0);
        }

        _k.EndTraces();
    }

    /// <summary>Writes r and r · h down, from their gates' sums over the state.</summary>
    public void TraceReset(Int row, F32 resetSum, F32 updateSum)
    {
        var unit = Trace(row);
        float* sums = _k.TraceRegister();
        _k.Hold(sums, resetSum);
        _k.Hold(sums + _shape.Units, updateSum);
        new ResetProduct.ResetWork(_shape.Units, sums, unit.Gates, (float*)unit.Before[0], unit.Kept).Do<F32>(0);
        _k.EndTraces();
    }

    /// <summary>Writes the cell's forward pass down behind that, from the last gate's sum over r · h.</summary>
    public void TraceCandidate(Int row, F32 sum)
    {
        float* traced = _k.TraceRegister();
        _k.Hold(traced, sum);
        TraceForward(row, unit => new AddTo(traced, unit.Gates + (2 * _shape.Units)).Do<F32>(0));
    }

    /// <summary>Writes the way back through r · h down, from its gradient.</summary>
    public void TraceResetBackward(Int row, F32 gradient)
    {
        var unit = Trace(row);
        float* traced = _k.TraceRegister();
        _k.Hold(traced, gradient);
        new ResetProduct.ResetGradient(traced, unit.Gates, (float*)unit.Before[0], unit.OutputGradientBefore).Do<F32>(0);
        _k.EndTraces();
    }

    /// <summary>What of a unit's state stays: by its hash while training, by the share outside of it.</summary>
    private float* Mask(int zone, Int row)
    {
        float* traced = _k.TraceRegister();
        var mask = _k.Variable((float)_zones[zone].Rate);
        _k.If(_zoneKeys[zone].Exists, () => _k.Assign(
            mask,
            F32.Choose(
                Hashes.IsBelow(_zoneKeys[zone].WordAt(Row + row), Unit, DropoutMasks.Threshold(_zones[zone].Rate)), 1f, 0f)));
        _k.Hold(traced, mask);
        return traced;
    }

    private CellUnit Trace(Int row)
    {
        int units = _shape.Units;
        Int here = Row + row, gates = (here * (_cell.Gates * units)) + Unit;
        return new()
        {
            Units = units,
            Gates = _k.Trace(Gates.At(gates)),
            HiddenGates = _k.Trace(HiddenGates.At(gates)),
            Kept = _k.Trace(_kept.At((here * (_cell.Kept * units)) + Unit)),
            Before = [.. States.Select(state => (nint)_k.Trace(state.At(((Before + row) * units) + Unit)))],
            After = [.. States.Select(state => (nint)_k.Trace(state.At(((_lanes + here) * units) + Unit)))],
            StateGradient = [0, .. _gradients.Skip(1).Select(gradient => (nint)_k.Trace(gradient.At((row * units) + Unit)))],
            OutputGradient = _k.Trace(OutputGradient.At((here * units) + Unit)),
            OutputGradientBefore = _k.Trace(OutputGradient.At(((RowBefore + row) * units) + Unit)),
        };
    }
}

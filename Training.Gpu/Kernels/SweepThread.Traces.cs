using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Simd;
using Orleans.Tbptt.Training.Gpu.Code;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Gpu.Kernels;

/// <content>The fused engine's own code, written down for a unit of a lane.</content>
internal sealed unsafe partial class SweepThread
{
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
        foreach (int zone in ZonesOfUnit)
        {
            int state = _zones[zone].State;
            new Zoneout.Mix(Mask(zone, row), (float*)unit.Before[state], (float*)unit.After[state]).Do<F32>(0);
        }

        _k.EndTraces();
    }

    /// <summary>Writes the cell's backward pass down for a lane.</summary>
    /// <param name="row">Its row within the time step.</param>
    /// <param name="outputGradient">The gradient of what the cell gave, where h is a projection of that.</param>
    public void TraceBackward(Int row, F32? outputGradient = null)
    {
        var unit = Trace(row);
        if (outputGradient is { } own)
        {
            float* traced = _k.TraceRegister();
            _k.Hold(traced, own);
            unit = unit with { OutputGradient = traced };
        }

        nint[] held = [.. _zones.Select(_ => (nint)_k.TraceRegister())];
        foreach (int zone in ZonesOfUnit)
        {
            int state = _zones[zone].State;
            float* gradient = state == 0 ? unit.OutputGradient : (float*)unit.StateGradient[state];
            new Zoneout.Part(Mask(zone, row), gradient, (float*)held[zone]).Do<F32>(0);
            if (state == 0)
                new AddTo((float*)held[zone], unit.OutputGradientBefore).Do<F32>(0);
        }

        _cell.BackwardUnit<F32>(unit);
        foreach (int zone in ZonesOfUnit)
        {
            if (_zones[zone].State > 0)
                new AddTo((float*)held[zone], (float*)unit.StateGradient[_zones[zone].State]).Do<F32>(0);
        }

        _k.EndTraces();
    }

    /// <summary>Stores a number of h that is a projection.</summary>
    public void TraceHidden(Int row, F32 value)
    {
        int width = _shape.Hidden;
        var place = States[0].At(((_lanes + Row + row) * width) + Unit);
        if (ZoneOfHidden is not { } zone)
        {
            place.Store(0, value);
            return;
        }

        float* after = _k.Trace(place);
        _k.Hold(after, value);
        new Zoneout.Mix(Mask(zone, row), _k.Trace(States[0].At(((Before + row) * width) + Unit)), after).Do<F32>(0);
        _k.EndTraces();
    }

    /// <summary>Parts the gradient of such a number, where some of them stay as they were.</summary>
    public void TraceHiddenBackward(Int row)
    {
        if (ZoneOfHidden is not { } zone)
            return;
        int width = _shape.Hidden;
        float* held = _k.TraceRegister();
        new Zoneout.Part(Mask(zone, row), _k.Trace(OutputGradient.At(((Row + row) * width) + Unit)), held).Do<F32>(0);
        new AddTo(held, _k.Trace(OutputGradient.At(((RowBefore + row) * width) + Unit))).Do<F32>(0);
        _k.EndTraces();
    }

    /// <summary>The states of which units stay as they were with the cell's own code: not h, where that comes behind it.</summary>
    private IEnumerable<int> ZonesOfUnit =>
        Enumerable.Range(0, _zones.Length).Where(zone => _zones[zone].State > 0 || _cell.Projection is null);

    private int? ZoneOfHidden => _zones.Length > 0 && _zones[0].State == 0 ? 0 : null;

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
            Before =
            [
                .. States.Select((state, number) => (nint)_k.Trace(
                    state.At(((Before + row) * (number == 0 ? _shape.Hidden : units)) + Unit))),
            ],
            After =
            [
                .. States.Select((state, number) => (nint)_k.Trace(
                    number == 0 && _cell.Projection is not null ? CellOutputs.At((here * units) + Unit)
                        : state.At(((_lanes + here) * units) + Unit))),
            ],
            StateGradient = [0, .. _gradients.Skip(1).Select(gradient => (nint)_k.Trace(gradient.At((row * units) + Unit)))],
            OutputGradient = _k.Trace(OutputGradient.At((here * _shape.Hidden) + Unit)),
            OutputGradientBefore = _k.Trace(OutputGradient.At(((RowBefore + row) * _shape.Hidden) + Unit)),
        };
    }
}

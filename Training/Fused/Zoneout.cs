using System.Runtime.CompilerServices;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Fused.Simd;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Fused;

/// <summary>
/// Zoneout of one of a layer's states (Krueger et al., 2017): s = m·s' + (1 − m)·s̃ of the state s' before the time step and what the
/// cell gives, s̃, with m 1 for a unit that stays as it was and 0 for the others while training; outside of training m is the share
/// that stays.
/// </summary>
internal sealed unsafe class Zoneout : IDisposable
{
    private readonly int _layer;
    private readonly int _state;
    private readonly float _rate;
    private readonly Rows _held;
    private float[] _mask = [];

    /// <summary>Of one state.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="state">0 for h, 1 for c.</param>
    /// <param name="rate">The share of units that stays.</param>
    /// <param name="units">The units.</param>
    public Zoneout(int layer, int state, double rate, int units) =>
        (_layer, _state, _rate, _held) = (layer, state, (float)rate, new(units));

    /// <summary>Those that a model has.</summary>
    public static Zoneout[] Of(ModelSpec model, int layer)
    {
        double[] rates = [model.Dropout.Zoneout, model.Dropout.ZoneoutCell];
        return [.. rates.Index().Where(one => one.Item > 0).Select(one => new Zoneout(
            layer, one.Index, one.Item, model.Cell.Width(one.Index, model.HiddenSize)))];
    }

    /// <summary>Prepares the mask of a chunk.</summary>
    public void Begin(ChunkBatch batch, DropoutMasks dropout)
    {
        int units = _held.Columns, needed = batch.Rows * units;
        _held.Reserve(batch.ActiveLanes.Length);
        if (_mask.Length < needed)
            _mask = new float[needed];
        var mask = _mask.AsSpan(0, needed);
        if (dropout.Rates is { Zones: true })
            dropout.FillZoneout(batch, _layer, _state, units, mask);
        else
            mask.Fill(_rate);
    }

    /// <summary>Mixes the state after a time step, which the cell has computed, with the one before it.</summary>
    public void Forward(CellMemory memory, TimeStep at)
    {
        var history = memory.History(_state);
        int units = _held.Columns;
        fixed (float* mask = _mask)
        {
            for (int lane = 0; lane < at.Lanes; lane++)
            {
                float* of = mask + (long)(at.Row + lane) * units;
                Elementwise.Run(new Mix(of, history[at.Before + lane], history[memory.Lanes + at.Row + lane]), units);
            }
        }
    }

    /// <summary>
    /// Parts the gradient of the state after a time step: what the cell gave gets its share, before the cell goes back; the state before it
    /// gets the rest, of c with <see cref="AfterCell"/>.
    /// </summary>
    public void BeforeCell(CellMemory memory, TimeStep at)
    {
        int units = _held.Columns;
        fixed (float* mask = _mask)
        {
            for (int lane = 0; lane < at.Lanes; lane++)
            {
                float* gradient = _state == 0 ? memory.OutputGradient[at.Row + lane] : memory.StateGradient(_state)[at.First + lane];
                Elementwise.Run(new Part(mask + (long)(at.Row + lane) * units, gradient, _held[at.First + lane]), units);
                if (_state == 0 && at.RowBefore >= 0)
                    Elementwise.Run(new AddTo(_held[at.First + lane], memory.OutputGradient[at.RowBefore + lane]), units);
            }
        }
    }

    /// <summary>Adds what the state before the time step gets without the cell.</summary>
    public void AfterCell(CellMemory memory, TimeStep at)
    {
        for (int lane = 0; _state > 0 && lane < at.Lanes; lane++)
            Elementwise.Run(new AddTo(_held[at.First + lane], memory.StateGradient(_state)[at.First + lane]), _held.Columns);
    }

    public void Dispose() => _held.Dispose();

    internal readonly struct Mix(float* mask, float* before, float* after) : IElementwise
    {
        /// <summary>Exact where m is 0 or 1 and both states are finite; −0 becomes +0.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Do<T>(int at) where T : unmanaged, IFloats<T>
        {
            var m = T.Load(mask + at);
            T.Store(T.MultiplyAdd(m, T.Load(before + at), (T.Of(1) - m) * T.Load(after + at)), after + at);
        }
    }

    internal readonly struct Part(float* mask, float* gradient, float* held) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Do<T>(int at) where T : unmanaged, IFloats<T>
        {
            T m = T.Load(mask + at), whole = T.Load(gradient + at);
            T.Store(m * whole, held + at);
            T.Store((T.Of(1) - m) * whole, gradient + at);
        }
    }
}

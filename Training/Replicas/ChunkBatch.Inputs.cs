using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Plan;

namespace Orleans.Tbptt.Training.Replicas;

/// <content>Batches whose inputs are those of other batches, or are given.</content>
public sealed partial class ChunkBatch
{
    /// <summary>Lays the batch out for the lanes of several batches, one after another, without inputs and targets.</summary>
    internal void JoinLanes(ReadOnlySpan<ChunkBatch> parts)
    {
        int lanes = 0;
        foreach (var part in parts)
            lanes += part._chunks.Length;
        if (_chunks.Length != lanes)
            (_chunks, _left, _activeLanes, _resets) = (new LaneChunk[lanes], new int[lanes], new int[lanes], new bool[lanes]);
        (_active, Rows, _masked, FirstTime, Stamp) = (0, 0, 0, 0, 0);
        int at = 0;
        foreach (var part in parts)
        {
            for (int lane = 0; lane < part._chunks.Length; lane++, at++)
            {
                (_chunks[at], _left[at], _resets[at]) = (part._chunks[lane], part._left[lane], part._resets[lane]);
                if (!_chunks[at].IsIdle)
                    Insert(at);
            }

            Rows += part.Rows;
        }

        Steps = _active == 0 ? 0 : _chunks[_activeLanes[0]].Length;
        Divide();
    }

    /// <summary>Takes the inputs of one of the batches that it was laid out for.</summary>
    /// <param name="part">That batch.</param>
    /// <param name="rows">For each of its rows the row here.</param>
    internal void TakeInputs(ChunkBatch part, ReadOnlySpan<int> rows)
    {
        Spread(part.Values, rows, ref _values, _shape.InputFeatures);
        Spread(part.Tokens, rows, ref _tokens, _shape.Codes);
    }

    /// <summary>
    /// Fills the batch with one time step of some lanes, all of them active, its targets masked. Allocates nothing once the buffers have
    /// grown.
    /// </summary>
    /// <param name="lanes">How many lanes.</param>
    /// <param name="values">Inputs that are values, <c>[lanes, InputFeatures]</c>.</param>
    /// <param name="codes">Inputs that are tokens or classes, <c>[lanes, Codes]</c>.</param>
    internal void LoadStep(int lanes, ReadOnlySpan<float> values, ReadOnlySpan<long> codes)
    {
        if (_chunks.Length < lanes)
        {
            (_chunks, _activeLanes, _resets) = (new LaneChunk[lanes], new int[lanes], new bool[lanes]);
            for (int lane = 0; lane < lanes; lane++)
                (_chunks[lane], _activeLanes[lane]) = (new(lane, 0, 1, Reset: false), lane);
        }

        (_active, Rows, Steps, Stamp) = (lanes, lanes, 1, 0);
        Divide();
        Copy(values, ref _values);
        Copy(codes, ref _tokens);
        int targets = _shape.HasClasses ? 0 : lanes * _shape.TargetFeatures, classes = _shape.HasClasses ? lanes : 0;
        if (_targetValues.Length < targets)
            _targetValues = new float[targets];
        if (_classes.Length < classes)
            _classes = new long[classes];
        _targetValues.AsSpan(0, targets).Fill(float.NaN);
        _classes.AsSpan(0, classes).Fill(DataShape.MaskedClass);
        _masked = Elements;
    }

    private static void Copy<T>(ReadOnlySpan<T> from, ref T[] to)
    {
        if (to.Length < from.Length)
            to = new T[from.Length];
        from.CopyTo(to);
    }

    private void Spread<T>(ReadOnlySpan<T> from, ReadOnlySpan<int> rows, ref T[] to, int width)
    {
        if (to.Length < Rows * width)
            Array.Resize(ref to, Rows * width);
        for (int row = 0; row < rows.Length && width > 0; row++)
            from.Slice(row * width, width).CopyTo(to.AsSpan(rows[row] * width, width));
    }
}

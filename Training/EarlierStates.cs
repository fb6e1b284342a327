using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training;

/// <summary>
/// The hidden states of lanes at the starts of their last chunks, for windows: which of them a step begins with, and which it leaves
/// behind.
/// <code>
/// before the step of chunk 5, window of 3 chunks    [start of 5, start of 4, start of 3]   the window begins with the last
/// after it                                          [start of 6, start of 5, start of 4]
/// </code>
/// </summary>
/// <param name="block">The trainer's lanes.</param>
/// <param name="perState">Values of a hidden state.</param>
/// <param name="states">Hidden states of a lane.</param>
internal sealed class EarlierStates(LaneBlock block, int perState, int states)
{
    private readonly float[] _start = new float[block.Count * perState];
    private readonly float[] _end = new float[block.Count * perState];

    /// <summary>The hidden state of each lane after its window.</summary>
    public Span<float> End => _end;

    /// <summary>The hidden state that each lane's window begins with.</summary>
    /// <param name="batch">The windows.</param>
    /// <param name="before">The states before the step.</param>
    /// <param name="initial">The learned state with which a sequence starts; empty where it is zero.</param>
    public ReadOnlySpan<float> Start(ChunkBatch batch, ReadOnlySpan<float> before, ReadOnlySpan<float> initial)
    {
        for (int lane = 0; lane < block.Count; lane++)
        {
            var chunk = batch.ChunkOf(lane);
            var start = chunk.StartsSequence && !initial.IsEmpty ? initial : Of(before, lane, chunk.Earlier);
            start.CopyTo(_start.AsSpan(lane * perState));
        }

        return _start;
    }

    /// <summary>Puts the hidden state after the step in front of those before it, of which the oldest is forgotten.</summary>
    /// <param name="before">The states before the step.</param>
    /// <param name="after">Receives those after it.</param>
    public void Advance(ReadOnlySpan<float> before, Span<float> after)
    {
        int perLane = perState * states;
        for (int lane = 0; lane < block.Count; lane++)
        {
            _end.AsSpan(lane * perState, perState).CopyTo(after[(lane * perLane)..]);
            before.Slice(lane * perLane, perLane - perState).CopyTo(after[((lane * perLane) + perState)..]);
        }
    }

    private ReadOnlySpan<float> Of(ReadOnlySpan<float> lanes, int lane, int state) =>
        lanes.Slice(((lane * states) + state) * perState, perState);
}

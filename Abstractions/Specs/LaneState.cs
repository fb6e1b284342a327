namespace Orleans.Tbptt.Specs;

/// <summary>
/// What S(n) holds of a lane: its hidden state, and where windows reach back over several chunks, behind it the hidden states at the starts
/// of the chunks before, the newest first.
/// <code>
/// [lane][newest, one chunk earlier, two chunks earlier, …][h, c][layer][unit]
/// </code>
/// </summary>
public static class LaneState
{
    /// <summary>How many hidden states a lane has.</summary>
    public static int States(RunSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return spec.Tbptt.WindowChunks;
    }

    /// <summary>Values of a lane.</summary>
    /// <param name="spec">The run's spec, every size known.</param>
    public static int PerLane(RunSpec spec) => checked(ParameterLayout.Of(spec.Model).HiddenPerLane * States(spec));

    /// <summary>The newest hidden state of every lane, <c>[lane][h, c][layer][unit]</c>.</summary>
    /// <param name="spec">The run's spec, every size known.</param>
    /// <param name="lanes">What S(n) holds of every lane.</param>
    public static ReadOnlySpan<float> Newest(RunSpec spec, ReadOnlySpan<float> lanes)
    {
        if (States(spec) == 1)
            return lanes;
        int perLane = PerLane(spec), one = perLane / States(spec);
        var newest = new float[lanes.Length / States(spec)];
        for (int lane = 0; lane < lanes.Length / perLane; lane++)
            lanes.Slice(lane * perLane, one).CopyTo(newest.AsSpan(lane * one));
        return newest;
    }
}

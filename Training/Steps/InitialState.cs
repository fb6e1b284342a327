using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Steps;

/// <summary>The hidden state with which a sequence starts: zero, or what the model has learned (<c>model.learnInitialState</c>).</summary>
public static class InitialState
{
    /// <summary>The states of some lanes, <c>[lanes, HiddenPerLane]</c>.</summary>
    /// <param name="layout">The model's parameters.</param>
    /// <param name="parameters">Their values, <c>[layout.Length]</c>.</param>
    /// <param name="lanes">How many lanes.</param>
    public static float[] Of(ParameterLayout layout, ReadOnlySpan<float> parameters, long lanes = 1)
    {
        ArgumentNullException.ThrowIfNull(layout);
        return layout.InitialState is { } first
            ? Repeat(parameters.Slice(first, layout.HiddenPerLane), lanes) : new float[lanes * layout.HiddenPerLane];
    }

    /// <summary>The state of one lane, once for each of some lanes.</summary>
    public static float[] Repeat(ReadOnlySpan<float> one, long lanes)
    {
        var states = new float[lanes * one.Length];
        for (int at = 0; at < states.Length; at += one.Length)
            one.CopyTo(states.AsSpan(at));
        return states;
    }
}

namespace Orleans.Tbptt.Training.Steps;

/// <summary>What a run leaves: the parameters of its model, and where in training they are from.</summary>
/// <param name="Parameters">The parameters; not to be changed.</param>
/// <param name="Hidden">The hidden state of every lane that training had then, lane-major.</param>
/// <param name="Step">Committed steps of the run at that time.</param>
/// <param name="Epochs">Finished epochs at that time.</param>
/// <param name="IsAverage">Whether the parameters are an average.</param>
public sealed record RunOutput(float[] Parameters, float[] Hidden, long Step, int Epochs, bool IsAverage)
{
    /// <summary>That of a state: what is evaluated at it. The state's own memory.</summary>
    public static RunOutput Of(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        return new(state.Evaluated, state.Hidden, state.Step, state.Losses.Count, state.Evaluated != state.Parameters);
    }

    /// <summary>The same, copied, so that training may continue.</summary>
    public RunOutput Copy() => this with { Parameters = [.. Parameters], Hidden = [.. Hidden] };

    /// <summary>The epoch, from 0, with the lowest finite loss, the first one of several; null where there is none.</summary>
    /// <param name="losses">The validation losses of all finished epochs.</param>
    public static int? BestEpoch(IReadOnlyList<double> losses)
    {
        int? best = null;
        for (int epoch = 0; epoch < losses.Count; epoch++)
        {
            if (double.IsFinite(losses[epoch]) && (best is null || losses[epoch] < losses[best.Value]))
                best = epoch;
        }

        return best;
    }
}

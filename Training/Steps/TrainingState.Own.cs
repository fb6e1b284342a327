namespace Orleans.Tbptt.Training.Steps;

/// <summary>What trainers keep for themselves belongs to S(n), too.</summary>
public sealed partial class TrainingState
{
    /// <summary>
    /// Whose steps <see cref="Own"/> is of. Inner optimizers come with every round; rounding errors stay with the trainers, and are fetched when a state has to be
    /// whole.
    /// </summary>
    private long _ownStep;

    /// <summary>What each trainer keeps, in order; empty where trainers keep nothing.</summary>
    public IReadOnlyList<OwnState> Own { get; }

    /// <summary>Whether all of S(n) is here: false after a step whose rounding errors are still with the trainers.</summary>
    public bool IsWhole => !_spec.KeepsErrors || _ownStep == Step;

    /// <summary>Takes the trainers' rounding errors after the last step, which makes the state whole.</summary>
    /// <param name="errors">Each trainer's, in order, <c>[parameters]</c>.</param>
    /// <exception cref="ArgumentException">They are not those of all trainers, or not as many as there are parameters. The state is as it was.</exception>
    public void TakeErrors(IReadOnlyList<ReadOnlyMemory<float>> errors)
    {
        if (errors.Count != Own.Count || errors.Any(one => one.Length != Layout.Length))
        {
            throw new ArgumentException(
                $"found rounding errors of {errors.Count} trainers [{string.Join(", ", errors.Select(one => one.Length))}], expected {Own.Count} times {Layout.Length}", nameof(errors));
        }

        foreach (var (own, one) in Own.Zip(errors))
            own.Take([one], count: 0);
        _ownStep = Step;
    }

    private void RestoreOwn(IReadOnlyList<OwnState> saved)
    {
        bool areOthers = saved.Count != Own.Count;
        for (int i = 0; i < Own.Count; i++)
        {
            if (areOthers && i == 0)
                Own[0].TakeShare(saved, Own.Count);
            else
                Own[i].Take(areOthers ? Own[0] : saved[i]);
        }
    }
}

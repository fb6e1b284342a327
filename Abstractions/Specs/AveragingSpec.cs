using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Specs;

/// <summary>What the averaging of an optimizer's iterates begins by.</summary>
public enum AveragingTrigger
{
    /// <summary>
    /// A loss at an epoch's end that is higher than the lowest one of those before the last few (Merity, Keskar and Socher, 2017,
    /// arXiv:1708.02182, algorithm 1).
    /// </summary>
    NonMonotonic,
}

/// <summary>
/// The mean of an optimizer's iterates from some epoch's end on, as <c>torch.optim.ASGD</c> keeps it: NT-ASGD (arXiv:1708.02182).
/// </summary>
public sealed record AveragingSpec
{
    /// <summary>What it begins by. Default, and the only one so far: <see cref="AveragingTrigger.NonMonotonic"/>.</summary>
    public AveragingTrigger Trigger { get; init; }

    /// <summary>Epochs, from 0, whose losses a loss is not compared with: the last ones before it. Default 5.</summary>
    public int Window { get; init; } = 5;

    /// <summary>Whether averaging has begun at the end of the last of these epochs, or before. A pure function of their losses.</summary>
    /// <param name="losses">The losses of finished epochs: of validation, or of training where nothing is held out.</param>
    public bool HasBegun(IReadOnlyList<double> losses)
    {
        double lowest = double.PositiveInfinity;
        for (int epoch = Window + 1; epoch < losses.Count; epoch++)
        {
            lowest = Math.Min(lowest, losses[epoch - Window - 1]);
            if (losses[epoch] > lowest)
                return true;
        }

        return false;
    }

    /// <summary>Passes its keys to a walk.</summary>
    public static AveragingSpec Walk(SpecWalk walk, AveragingSpec averaging) => averaging with
    {
        Trigger = walk.Word("trigger", averaging.Trigger, "what averaging begins by, at an epoch's end", SpecWords.AveragingTriggers),
        Window = walk.Count("window", averaging.Window, "epochs before it with whose losses a loss is not compared", min: 0),
    };
}

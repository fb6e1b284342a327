using System.Globalization;

namespace Orleans.Tbptt.Specs;

/// <summary>When a run ends before its last epoch, because its loss falls no further.</summary>
public sealed record EarlyStoppingSpec
{
    /// <summary>Finished epochs in succession, from 1, without a lower loss, after which the run ends.</summary>
    public int Patience { get; init; } = 1;

    /// <summary>A loss counts as lower where it is less than the lowest one so far by more than this. Default 0.</summary>
    public double MinDelta { get; init; }

    /// <summary>The number of epochs after which a run ends; null where these do not end it. A pure function of their losses.</summary>
    /// <param name="losses">The losses of all finished epochs: of validation, or of training where nothing is held out.</param>
    public int? EndsAfter(IReadOnlyList<double> losses) => Follow(losses).End;

    /// <summary>Why a run has ended, in words; null where these losses do not end it.</summary>
    /// <param name="losses">The losses of all finished epochs.</param>
    /// <param name="epochs">The epochs of the spec.</param>
    /// <param name="kind">What the losses are: <c>validation</c> or <c>training</c>.</param>
    public string? ReasonToEnd(IReadOnlyList<double> losses, int epochs, string kind)
    {
        var (end, best) = Follow(losses);
        if (end is null || losses.Count >= epochs)
            return null;
        string lowest = best < 0 ? "no loss was a number"
            : string.Create(CultureInfo.InvariantCulture, $"the lowest {kind} loss is {losses[best]:G6}, of epoch {best + 1}");
        return $"ended early after epoch {end} of {epochs} by train.earlyStopping, because {lowest}";
    }

    private (int? End, int Best) Follow(IReadOnlyList<double> losses)
    {
        var (lowest, best, waited) = (double.PositiveInfinity, -1, 0);
        for (int epoch = 0; epoch < losses.Count; epoch++)
        {
            if (losses[epoch] < lowest - MinDelta)
                (lowest, best, waited) = (losses[epoch], epoch, 0);
            else if (++waited >= Patience)
                return (epoch + 1, best);
        }

        return (null, best);
    }
}

using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Preparation;

/// <summary>Holds label sequences to what a loss of them (<see cref="LossSpec.BlankClass"/>) can be computed for.</summary>
internal static class LabelRules
{
    /// <summary>Numbers that the sums over all paths of a sequence are kept in, at most: 1 GB.</summary>
    private const long MostNumbers = 1L << 27;

    /// <summary>Reads all labels; adds the first sequence that has too few time steps for them, or the blank among them.</summary>
    /// <param name="loss">The loss.</param>
    /// <param name="data">The data.</param>
    /// <param name="problems">Collects the problem.</param>
    public static void Check(LossSpec loss, IDataSource data, ProblemList problems)
    {
        if (loss.BlankClass is not { } blank)
            return;
        int first = 0;
        foreach (var set in new[] { data.Training, data.Validation, data.Test }.OfType<ISequenceSet>())
        {
            for (int sequence = 0; sequence < set.Count; sequence++)
            {
                if (Problem(loss, blank, set, sequence, first + sequence) is not { } problem)
                    continue;
                problems.AddIfAny(problem);
                return;
            }

            first += set.Count;
        }
    }

    private static SpecProblem? Problem(LossSpec loss, int blank, ISequenceSet set, int sequence, int number)
    {
        int steps = set.Length(sequence);
        var targets = new long[steps];
        set.ReadTargets(new(sequence, 0, steps), targets);
        long[] labels = [.. targets.Where(target => target != DataShape.MaskedClass)];
        string named = set.SeriesOf(sequence) is { } name ? $"series {Wording.Quote(name)}" : $"sequence {number}, counted from 0,";
        if (labels.Contains(blank))
        {
            return new(
                "train.loss", $"{loss.Word} with blank {blank}, which is a label of {named}", "labels other than the blank",
                $"number labels from {blank + 1} on, pad with {DataShape.MaskedClass}, or write another blank, such as "
                + "train.loss: {name: ctc, blank: CLASSES}");
        }

        // Between two labels that are alike, a path needs a blank.
        int repeated = labels.Zip(labels.Skip(1)).Count(pair => pair.First == pair.Second), needed = labels.Length + repeated;
        if (steps < needed)
        {
            return new(
                "train.loss", $"{loss.Word} with {Wording.Count(steps, "time step")} and {Wording.Count(labels.Length, "label")}"
                    + $"{(repeated == 0 ? "" : $", {repeated} of them like the one before,")} in {named}",
                $"at least {needed} time steps, one for each label and one for a blank between two that are alike",
                "leave the sequence out, or give it more time steps");
        }

        return (long)steps * ((2 * labels.Length) + 1) <= MostNumbers ? null : new(
            "train.loss", $"{loss.Word} with {Wording.Count(steps, "time step")} and {Wording.Count(labels.Length, "label")} in {named}",
            $"at most {MostNumbers} for time steps × (2 × labels + 1), which are kept in memory", "cut the sequence");
    }
}

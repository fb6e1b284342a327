using System.Globalization;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Preparation;

/// <summary>Holds targets to what the loss takes.</summary>
internal static class TargetRules
{
    /// <summary>Reads all targets, where the loss has a rule for them.</summary>
    /// <param name="loss">The loss.</param>
    /// <param name="data">The data.</param>
    /// <param name="problems">Collects the first target that is not as it should be.</param>
    public static void Check(LossSpec loss, IDataSource data, ProblemList problems)
    {
        if (loss.TargetRule is not { } rule || data.Shape.HasClasses)
            return;
        foreach (var set in new[] { data.Training, data.Validation, data.Test }.OfType<ISequenceSet>())
        {
            string? found = null;
            int width = data.Shape.TargetFeatures;
            TargetBlocks.Read(set, width, (slice, targets) =>
            {
                for (int i = 0; i < targets.Length && found is null; i++)
                {
                    if (float.IsNaN(targets[i]) || loss.Takes(targets[i]))
                        continue;
                    string name = data.Description.Targets is { Count: > 0 } names ? $" of {Wording.Quote(names[i % width])}" : "";
                    string series = set.SeriesOf(slice.Sequence) is { } one ? $" of series {Wording.Quote(one)}" : "";
                    int step = slice.Start + (i / width) + 1;
                    found = string.Create(CultureInfo.InvariantCulture, $"the target {targets[i]}{name} at time step {step}{series}");
                }
            });
            if (found is null)
                continue;
            problems.Add("train.loss", $"{loss.Word} with {found}", $"targets that are {rule}", "correct the data, or choose another loss");
            return;
        }
    }
}

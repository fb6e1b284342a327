using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Fused.Losses;

/// <summary>What losses ask of the targets of a table, which are scaled and transformed before they are trained on.</summary>
internal static class TableTargets
{
    /// <summary>Refuses targets that are not trained on as they are.</summary>
    /// <param name="spec">The spec.</param>
    /// <param name="findings">Collects the mistakes.</param>
    /// <param name="what">What targets must be.</param>
    public static void CheckUnscaled(RunSpec spec, Findings findings, string what)
    {
        if (findings.Sound("data.standardize", "data.scale")
            && spec.Data.Source is TableSource { Standardize: true, Scale: not TableScale.None })
        {
            findings.Report(
                "data.standardize", $"true with loss {spec.Train.Loss.Word}",
                $"false, because targets must be {what} as they are trained on",
                "write standardize: false");
        }

        foreach (string target in Transformed(spec, findings, _ => true))
        {
            findings.Report(
                "data.transform", $"a transform of the target '{target}' with loss {spec.Train.Loss.Word}",
                $"none, because targets must be {what} as they are trained on", "remove it");
        }
    }

    /// <summary>The targets of which something is made; where they are left out, they are the inputs.</summary>
    public static IEnumerable<string> Transformed(RunSpec spec, Findings findings, Func<ColumnTransform, bool> isRefused)
    {
        if (!findings.Sound("data.transform", "data.targets", "data.inputs") || spec.Data.Source is not TableSource table)
            return [];
        IReadOnlyList<string> targets = table.Targets.Count > 0 ? table.Targets : table.Inputs;
        return table.Transform.Pairs.Where(pair => isRefused(pair.Value) && (targets.Count == 0 || targets.Contains(pair.Key)))
            .Select(pair => pair.Key);
    }
}

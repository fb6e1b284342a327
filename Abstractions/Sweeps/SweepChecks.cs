using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Reading;
using Orleans.Tbptt.Sweeps.Strategies;

namespace Orleans.Tbptt.Sweeps;

/// <summary>Checks a sweep across its keys, and against the spec that it varies.</summary>
internal sealed class SweepChecks(SpecReader specs, Findings findings, bool filesMustExist)
{
    /// <summary>What no sweep varies, with all keys below them.</summary>
    public static IReadOnlyList<string> Kept { get; } =
        ["name", "limits", "extends", "checkpoint", "metrics", "audit", "speculate", "train.epochs", "train.trainers", "train.autoscale"];

    /// <summary>Reports every mistake.</summary>
    /// <returns>The sweep, with what it takes from the spec.</returns>
    public SweepSpec Run(SweepSpec sweep)
    {
        Strategy(sweep);
        bool fits = sweep.Parameters.All(parameter => MayVary(parameter.Key));
        if (!findings.Sound("spec") || Read(sweep.Base) is not { } written)
            return sweep;
        sweep = sweep with { Epochs = written.Train.Epochs };
        if (written.Limits is not null)
        {
            findings.Report("spec", "limits in the spec", "none, because the sweep stops its trials by them",
                "remove them, or take them out with --set limits=");
        }

        if (written.Extends is { Follow: true })
            findings.Report("spec", "extends.follow in the spec", "a spec whose epochs end", "remove it");
        if (sweep.Halving is { } halving && findings.Sound("halving.first") && halving.First >= sweep.Epochs)
        {
            findings.Report("halving.first", $"{halving.First}", $"less than {sweep.Epochs}, the epochs of the spec (train.epochs)",
                "lower it, or raise train.epochs");
        }

        if (fits && findings.Sound("parameters"))
            Values(sweep);
        return sweep;
    }

    private void Strategy(SweepSpec sweep)
    {
        if (sweep.Strategy is not GridStrategy || !findings.Sound("strategy", "parameters"))
            return;
        foreach (var parameter in sweep.Parameters.Where(one => one.GridCount is null))
        {
            findings.Report($"parameters.{parameter.Key}", "a range without points", "points with strategy grid",
                "add how many values of it there are: points: 5");
        }

        if (sweep.Trials > SweepStrategy.MostTrials)
        {
            findings.Report("strategy", $"a grid of {sweep.Trials:N0} combinations", $"at most {SweepStrategy.MostTrials:N0}",
                "leave out values, or use strategy random");
        }
    }

    private bool MayVary(string key)
    {
        if (Kept.FirstOrDefault(kept => key == kept || key.StartsWith($"{kept}.", StringComparison.Ordinal)) is not { } kept)
            return true;
        findings.Report($"parameters.{key}", $"{kept}, which no sweep varies", "a key that a model depends on from its first step",
            kept == "train.epochs" ? "remove it: halving ends trials after fewer epochs" : "remove it");
        return false;
    }

    /// <summary>The spec, with its mistakes reported where they stand.</summary>
    private RunSpec? Read(SpecText text)
    {
        var document = specs.Parse(text, filesMustExist);
        foreach (var problem in document.Problems)
        {
            string key = problem.Key.Length == 0 ? "spec" : $"spec.{problem.Key}";

            // A spec inside of the sweep's file was read from one line: where a key stands the sweep's own tree knows.
            if (findings.Places.TryGetValue(key, out var place))
                findings.Report(place, problem);
            else if (findings.Places.TryGetValue("spec", out place))
                findings.Report(place, problem with { Found = $"{problem.Found} (in {problem.Location})" });
        }

        return document.Spec;
    }

    /// <summary>
    /// Looks at each value of a list, and both ends of each range, one by one: combinations are looked at when they are tried.
    /// </summary>
    private void Values(SweepSpec sweep)
    {
        foreach (var parameter in sweep.Parameters)
        {
            int count = parameter.IsChoice ? parameter.Choices.Count : 2;
            for (int value = 0; value < count; value++)
            {
                string text = parameter.Text(parameter.IsChoice ? value : value == 0 ? parameter.Low : parameter.High);
                var trial = sweep.Base with { Sets = [.. sweep.Base.Sets, $"{parameter.Key}={text}"] };
                if (specs.Parse(trial, filesMustExist: false).Problems.FirstOrDefault(one => IsAbout(one, parameter.Key)) is { } problem)
                {
                    string place = $"parameters.{parameter.Key}";
                    findings.Report(place, $"{Show.Clean(text)}: {problem.Found}", problem.Expected, problem.Remedy);
                }
            }
        }
    }

    /// <summary>A mistake elsewhere may be none in combination with another parameter.</summary>
    private static bool IsAbout(SpecProblem problem, string key) =>
        problem.Key == key || problem.Key.StartsWith($"{key}.", StringComparison.Ordinal)
        || problem.Key.StartsWith($"{key}[", StringComparison.Ordinal) || key.StartsWith($"{problem.Key}.", StringComparison.Ordinal);
}

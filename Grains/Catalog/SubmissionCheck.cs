using Orleans.Tbptt.Data;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Grains.Catalog;

/// <summary>
/// Holds a spec that came in a message against every rule of a spec file. The console has checked it already, but whoever reaches a
/// gateway can send any object: members that are null, sizes below zero, paths out of nowhere. Looks at no file and never throws.
/// </summary>
internal static class SubmissionCheck
{
    private const string Remedy = "submit a spec that this version's loader has read";

    /// <summary>All that is wrong with a spec, as far as it can be told without its data; empty when nothing is.</summary>
    /// <param name="spec">The spec as it arrived.</param>
    /// <param name="roots">Where its files may lie.</param>
    public static IReadOnlyList<SpecProblem> Check(RunSpec? spec, DataRoots roots)
    {
        try
        {
            // Each step relies on the one before.
            IReadOnlyList<SpecProblem> problems = SpecShape.Check(spec);
            if (problems.Count == 0)
                problems = Paths(spec!);
            if (problems.Count == 0)
                problems = Rules(spec!);
            return problems.Count == 0 ? roots.Check(spec!) : problems;
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            // Lists arrive as whatever type the sender chose, and some of those fail when one looks into them.
            return [new("", $"an object that cannot be looked through ({SpecShape.Shorten(error.Message)})", "a run spec", Remedy)];
        }
    }

    /// <summary>That an id which came in a message is none; null when it is one.</summary>
    public static SpecProblem? CheckRun(RunId run) => run.IsValid
        ? null
        : new("", $"run id '{SpecShape.Shorten(run.ToString())}'", RunId.Expected, "choose such an id, or leave it out");

    // A spec file's relative paths are made absolute by whoever reads it: what arrives is absolute, and says plainly where it leads.
    private static List<SpecProblem> Paths(RunSpec spec)
    {
        var problems = new List<SpecProblem>();
        void Look(string key, string path)
        {
            int wildcard = path.IndexOf('*', StringComparison.Ordinal);
            string fixedPart = wildcard < 0 ? path : path[..(path.LastIndexOf('/', wildcard) + 1)];
            if (!Path.IsPathFullyQualified(fixedPart) || Path.GetFullPath(fixedPart) != fixedPart || path.Split('/').Contains(".."))
            {
                problems.Add(new(
                    key, $"'{SpecShape.Shorten(path)}'", "an absolute path without '.', '..' and double separators", "write the path out"));
            }
        }

        foreach (string path in spec.Data.Paths)
            Look("data.source", path);
        foreach (string glob in spec.Data.Exclude)
            Look("data.exclude", glob);
        if (spec.Model.InitFrom is { } weights)
            Look("model.initFrom", weights);
        if (spec.Data.Source == SourceKind.Npy && spec.Data.Paths.Any(path => path.Contains(',', StringComparison.Ordinal)))
            problems.Add(new("data.source", "a comma in a path", "npy:INPUTS,TARGETS[,LENGTHS]", "rename the file: commas part them"));
        return problems;
    }

    /// <summary>Writes the spec down and reads it again: so every rule of the loader holds, those to come, too.</summary>
    private static IReadOnlyList<SpecProblem> Rules(RunSpec spec)
    {
        SpecDocument read = SpecLoader.Parse(SpecWriter.ToYaml(spec), "submission.yaml", "/", [], filesMustExist: false);
        if (read.Spec is not { } known)
            return [.. read.Problems.Select(problem => problem with { Location = null })];
        string? unlike = known == spec ? null
            : known.Model != spec.Model ? "model"
            : known.Data != spec.Data ? "data"
            : known.Train != spec.Train ? "train"
            : "";
        return unlike is null
            ? []
            : [new(unlike, "values that no spec file can have, for keys that its source or optimizer does not know", "their defaults there", Remedy)];
    }
}

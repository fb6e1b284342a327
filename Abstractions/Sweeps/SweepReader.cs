using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Keys;
using Orleans.Tbptt.Specs.Reading;
using Orleans.Tbptt.Sweeps.Strategies;

namespace Orleans.Tbptt.Sweeps;

/// <summary>
/// Reads sweeps: YAML by the rules of run specs. Reports every mistake at once, each with its place, those of the spec that is varied
/// included.
/// </summary>
/// <param name="specs">Reads run specs.</param>
public sealed class SweepReader(SpecReader specs)
{
    /// <summary>Reads a sweep's file, and the spec that it names. A file that cannot be read is a problem, too, not an exception.</summary>
    /// <param name="path">The file; relative paths in it are relative to its directory.</param>
    /// <param name="sets">Options that override values of the spec, as in <see cref="SpecText.Sets"/>.</param>
    public SweepDocument Load(string path, IReadOnlyList<string> sets)
    {
        var sweep = new SpecText("", path, "/") { Sets = sets };
        try
        {
            string full = Path.GetFullPath(path);
            sweep = sweep with
            {
                Text = SpecTree.ReadFile(path, new Place(path, 1, 1, 0)), Directory = Path.GetDirectoryName(full) ?? full,
            };
            return Parse(new(sweep, ReadBase(sweep)), filesMustExist: true);
        }
        catch (UnreadableException error)
        {
            return new(null, [error.Problem with { Location = error.Problem.Location ?? error.Place.Text }], new(sweep, null));
        }
    }

    /// <summary>Reads the text of a sweep.</summary>
    /// <param name="text">The text, with that of the spec.</param>
    /// <param name="filesMustExist">As of <see cref="SpecReader.Parse"/>.</param>
    public SweepDocument Parse(SweepText text, bool filesMustExist = false)
    {
        try
        {
            var (root, findings) = SpecTree.Parse(text.Sweep.Text, text.Sweep.FileName);
            SpecTree.Index(root, "", findings.Places);
            var section = new SectionReader(root, "", findings, new SpecPaths(text.Sweep.Directory, filesMustExist));
            var read = SweepSections.Walk(section, SweepSections.Blank(TextForms.DefaultName(text.Sweep.FileName)));
            var parameters = new ParameterReader(findings).Read(section.TakeNode(SweepSections.Parameters));
            var written = Base(section.TakeNode(SweepSections.Spec), text, findings);
            section.ReportUnknown();
            var checks = new SweepChecks(specs, findings, filesMustExist);
            var spec = written is null ? read : checks.Run(read with { Base = written, Parameters = parameters });
            return new(findings.Any ? null : spec, findings.InOrder(), text);
        }
        catch (UnreadableException error)
        {
            return new(null, [error.Problem with { Location = error.Place.Text }], text);
        }
    }

    /// <summary>The file that the key <c>spec</c> names; null where it names none, which is the affair of those who read further.</summary>
    private static SpecText? ReadBase(SpecText sweep)
    {
        var (root, _) = SpecTree.Parse(sweep.Text, sweep.FileName);
        if (!root.Entries.TryGetValue(SweepSections.Spec, out var entry) || entry.Value is not ScalarNode { IsNull: false } scalar)
            return null;
        string path = Path.GetFullPath(scalar.Text, sweep.Directory);
        return new(SpecTree.ReadFile(path, entry.Place), path, Path.GetDirectoryName(path) ?? path);
    }

    private static SpecText? Base(Node? node, SweepText text, Findings findings)
    {
        const string Expected = "the file of a run spec, or a run spec";
        if (node is ScalarNode && text.Base is { } named)
            return named with { Sets = text.Sweep.Sets };
        if (node is MapNode map)
        {
            return new(FlowText.Of(map), text.Sweep.FileName, text.Sweep.Directory) { Sets = text.Sweep.Sets };
        }

        findings.Report(SweepSections.Spec, node?.Found ?? "nothing", Expected, "name a file: spec: wave.yaml");
        return null;
    }
}

/// <summary>The keys of a sweep that are read as those of a run spec are.</summary>
internal static class SweepSections
{
    /// <summary>The key of the spec that is varied.</summary>
    public const string Spec = "spec";

    /// <summary>The key of what is varied.</summary>
    public const string Parameters = "parameters";

    private static readonly IReadOnlyList<Word<SweepDirection>> Directions =
        [new("minimize", SweepDirection.Minimize, "less is better"), new("maximize", SweepDirection.Maximize, "more is better")];

    private static readonly IReadOnlyList<Word<SweepTake>> Takes =
        [new("last", SweepTake.Last, "the figure of the last epoch"), new("best", SweepTake.Best, "that of the best epoch so far")];

    /// <summary>A sweep with the defaults of all keys that have one.</summary>
    public static SweepSpec Blank(string name) =>
        new() { Name = name, Base = new("", "", "/"), Parameters = [], Strategy = SweepStrategies.All[0] };

    /// <summary>
    /// Passes every key to a walk, but for <see cref="Spec"/> and <see cref="Parameters"/>, which have forms of their own.
    /// </summary>
    public static SweepSpec Walk(SpecWalk walk, SweepSpec sweep) => sweep with
    {
        Name = walk.Text("name", sweep.Name, $"1 to {TextForms.MaxNameLength} characters; part of the sweep's id", TextForms.Name),
        Seed = walk.Whole("seed", sweep.Seed, "of the sweep's random values", min: 0),
        Strategy = walk.Choice("strategy", sweep.Strategy, "which values are tried", SweepStrategies.All, required: true),
        Halving = walk.OptionalSection(
            "halving", sweep.Halving, "ends trials early: the best part of those at a rung is trained to the next", "first or factor",
            new HalvingSpec(), Halving),
        Objective = walk.OptionalSection(
            "objective", sweep.Objective, "what trials are compared by", "metric, target, direction or take", new SweepObjective(),
            Objective)!,
        Parallel = walk.Count(
            "parallel", sweep.Parallel,
            "trials that are under way at once; part of what the sweep decides, because values that depend on results depend on those of "
                + "trials at least so many before",
            max: 1000),
    };

    private static HalvingSpec Halving(SpecWalk walk, HalvingSpec halving) => halving with
    {
        First = walk.Count("first", halving.First, "epochs to the first rung"),
        Factor = walk.Count(
            "factor", halving.Factor, "each rung has so many times the epochs of the one below; of so many trials one is trained further",
            min: 2,
            max: 100),
    };

    private static SweepObjective Objective(SpecWalk walk, SweepObjective objective) => objective with
    {
        Metric = walk.OptionalText(
            "metric", objective.Metric, "`validation loss`, `training loss`, or a figure of the evaluation, such as `validation RMSE`",
            "the name of a figure", "validation loss; training loss where nothing is held out"),
        Target = walk.OptionalText("target", objective.Target, "of figures of one name, the target", "the name of a target", "the first"),
        Direction = walk.Word("direction", objective.Direction, "which way is better", Directions),
        Take = walk.Word("take", objective.Take, "of which epoch up to a rung the figure counts", Takes),
    };
}

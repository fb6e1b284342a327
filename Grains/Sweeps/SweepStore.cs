using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Writing;
using Orleans.Tbptt.Sweeps;

namespace Orleans.Tbptt.Grains.Sweeps;

/// <summary>Writes the directories of sweeps.</summary>
/// <remarks>
/// No fence is needed: what a driver writes of decisions is a function of the sweep's text and of results alone, so that one which was
/// replaced and does not know it yet writes the beginning of the same.
/// </remarks>
internal sealed class SweepStore(RunStore runs)
{
    /// <summary>The run store.</summary>
    public RunStore Runs => runs;

    /// <summary>Reads sweeps with the choices of this silo.</summary>
    public SweepReader Reader { get; } = new(runs.Reader);

    /// <summary>The directory of a sweep, there or not.</summary>
    public SweepDirectory Of(RunId sweep) => new(runs.Root, sweep);

    /// <summary>Makes a sweep's directory.</summary>
    /// <param name="text">What was submitted.</param>
    /// <param name="status">The first status.</param>
    public RunBirth Create(SweepText text, SweepStatus status)
    {
        var sweep = Of(RunId.Parse(status.Id));

        // Runs with the names of its trials are of a sweep that somebody has removed, or of nobody's: they must not be taken for trials.
        if (File.Exists(runs.Of(sweep.Id).Spec)
            || (!File.Exists(sweep.Request) && runs.All().Any(run => run.Id.Text.StartsWith($"{sweep.Id}.t", StringComparison.Ordinal))))
            return RunBirth.TakenByAnother;
        Directory.CreateDirectory(sweep.Path);
        string request = SweepJson.Write(text);
        if (!DurableFile.TryCreate(sweep.Request, request) && File.ReadAllText(sweep.Request) != request)
            return RunBirth.TakenByAnother;
        return DurableFile.TryCreate(sweep.Status, SweepJson.Write(status)) ? RunBirth.Born : RunBirth.AlreadyThere;
    }

    /// <summary>The sweep as it was submitted.</summary>
    /// <exception cref="SpecException">It is no sound sweep: somebody has changed the file.</exception>
    public SweepSpec Read(SweepDirectory sweep)
    {
        var document = Reader.Parse(sweep.ReadRequest());
        return document.Spec ?? throw new SpecException(document.Problems);
    }

    /// <summary>The status of every sweep, newest first.</summary>
    public IReadOnlyList<SweepStatus> List() => [.. SweepDirectory.All(runs.Root).Select(sweep => sweep.ReadStatus())
        .OfType<SweepStatus>().OrderByDescending(status => status.SubmittedAt).ThenBy(status => status.Id, StringComparer.Ordinal)];

    /// <summary>Writes a sweep's status.</summary>
    public static void Write(SweepDirectory sweep, SweepStatus status) =>
        DurableFile.WriteText(sweep.Status, SweepJson.Write(status), Unfinished());

    /// <summary>Writes what a sweep has decided, whole.</summary>
    public static void Write(SweepDirectory sweep, IReadOnlyList<SweepDecision> decisions) => DurableFile.WriteText(
        sweep.Decisions, string.Concat(decisions.Select(decision => SweepJson.Write(decision) + "\n")), Unfinished());

    /// <summary>Writes the spec of the best trial.</summary>
    public static void WriteBest(SweepDirectory sweep, RunSpec spec) =>
        DurableFile.WriteText(sweep.Best, SpecWriter.ToYaml(spec), Unfinished());

    /// <summary>Two drivers may write for a moment.</summary>
    private static string Unfinished() => $".{Guid.NewGuid():N}.tmp";
}

using System.Text.Json;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Sweeps;

/// <summary>The names of a sweep's files, and reading them. Writing is the silos' alone.</summary>
/// <param name="root">The run store.</param>
/// <param name="id">The sweep. Its id has the form of a run's.</param>
public sealed class SweepDirectory(string root, RunId id)
{
    /// <summary>The directory in the run store that holds all sweeps, which no run's directory can be.</summary>
    public const string Name = "sweeps";

    /// <summary>
    /// Characters of a sweep's id at most, so that with <c>.t9999-</c> and a step of 17 digits it is still the id of a run.
    /// </summary>
    public const int LongestId = 76;

    /// <summary>The sweep.</summary>
    public RunId Id { get; } = id;

    /// <summary>The sweep's own directory.</summary>
    public string Path { get; } = new RunDirectory(System.IO.Path.Combine(root, Name), id).Path;

    /// <summary>What was submitted, with the text of the spec; creating it is what gives a sweep its id.</summary>
    public string Request => System.IO.Path.Combine(Path, "request.json");

    /// <summary>The last written status.</summary>
    public string Status => System.IO.Path.Combine(Path, "status.json");

    /// <summary>What the sweep has decided, a line each.</summary>
    public string Decisions => System.IO.Path.Combine(Path, "decisions.jsonl");

    /// <summary>The spec of the best trial, written at the end.</summary>
    public string Best => System.IO.Path.Combine(Path, "best.yaml");

    /// <summary>The id of the run of a trial.</summary>
    /// <param name="trial">From 0.</param>
    public RunId RunOf(int trial) => RunId.Parse($"{Id}.t{trial:000}");

    /// <summary>The sweeps of a run store, in no particular order.</summary>
    /// <param name="root">The run store.</param>
    public static IEnumerable<SweepDirectory> All(string root)
    {
        string all = System.IO.Path.Combine(root, Name);
        if (!Directory.Exists(all))
            yield break;
        foreach (string path in Directory.EnumerateDirectories(all))
        {
            if (RunId.TryParse(System.IO.Path.GetFileName(path), out var id) && new SweepDirectory(root, id) is { } sweep
                && File.Exists(sweep.Request))
                yield return sweep;
        }
    }

    /// <summary>The last written status; null where there is no such sweep, or its status cannot be read.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public SweepStatus? ReadStatus()
    {
        try
        {
            return File.Exists(Status) ? SweepJson.ReadStatus(File.ReadAllText(Status)) with { Id = Id.Text, Directory = Path } : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>What was submitted.</summary>
    /// <exception cref="JsonException">The file is damaged.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public SweepText ReadRequest() => SweepJson.ReadRequest(File.ReadAllText(Request));

    /// <summary>The decisions that are written; a last line that was cut is left out.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public IReadOnlyList<SweepDecision> ReadDecisions() =>
        File.Exists(Decisions) ? [.. File.ReadAllLines(Decisions).Select(SweepJson.ReadDecisionOrNull).OfType<SweepDecision>()] : [];
}

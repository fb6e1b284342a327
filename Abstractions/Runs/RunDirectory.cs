using System.Globalization;
using System.Text.Json;

namespace Orleans.Tbptt.Runs;

/// <summary>The names of a run's files, and reading them. Writing is the silos' alone.</summary>
/// <param name="root">The run store: the directory that holds <c>runs</c>' directories, one for each run.</param>
/// <param name="id">The run.</param>
public sealed class RunDirectory(string root, RunId id)
{
    /// <summary>The run.</summary>
    public RunId Id { get; } = id;

    /// <summary>The run's own directory.</summary>
    public string Path { get; } = id.IsValid ? System.IO.Path.Combine(root, id.Text)
        : throw new ArgumentException($"run id: found '{id}', expected {RunId.Expected}", nameof(id));

    /// <summary>The resolved spec.</summary>
    public string Spec => System.IO.Path.Combine(Path, "spec.yaml");

    /// <summary>The last written status.</summary>
    public string Status => System.IO.Path.Combine(Path, "status.json");

    /// <summary>The data that the run was born with; absent where a former release submitted it and none has resumed it since.</summary>
    public string Data => System.IO.Path.Combine(Path, "data.json");

    /// <summary>The newest events, one a line; <see cref="Journals.JournalReader"/> reads all.</summary>
    public string Metrics => System.IO.Path.Combine(Path, "metrics.jsonl");

    /// <summary>The older events, in segments.</summary>
    public string Segments => System.IO.Path.Combine(Path, "metrics");

    /// <summary>
    /// Every figure of the last validation as a table in CSV; absent where events have all of them, because series and targets are few.
    /// </summary>
    public string ValidationTable => System.IO.Path.Combine(Path, "validation.csv");

    /// <summary>The same of the test.</summary>
    public string TestTable => System.IO.Path.Combine(Path, "test.csv");

    /// <summary>Which state of which other run it began with; absent for a run that began with its own.</summary>
    public string Fork => System.IO.Path.Combine(Path, "fork.json");

    /// <summary>Tags and notes of users; absent until somebody writes some.</summary>
    public string Notes => System.IO.Path.Combine(Path, "notes.json");

    /// <summary>The trained model, written at the end.</summary>
    public string Model => System.IO.Path.Combine(Path, "model.safetensors");

    /// <summary>The hidden state of every lane after the last step, written at the end.</summary>
    public string Hidden => System.IO.Path.Combine(Path, "hidden.safetensors");

    /// <summary>The model package, written at the end: the model with all that is needed to use it.</summary>
    public string Package => System.IO.Path.Combine(Path, "model");

    /// <summary>Silo logs of a local cluster that ran this run.</summary>
    public string Logs => System.IO.Path.Combine(Path, "logs");

    /// <summary>Files whose names are the generations taken so far; each lists the checkpoints there were when it was taken.</summary>
    public string Generations => System.IO.Path.Combine(Path, "generations");

    /// <summary>The committed states on disk, one directory for each: <c>generation-step</c>.</summary>
    public string Checkpoints => System.IO.Path.Combine(Path, "checkpoints");

    /// <summary>
    /// The directory of the newest checkpoint, that of the highest generation, then of the highest step; null where there is none. Whether
    /// it is whole is found out when it is read.
    /// </summary>
    /// <exception cref="IOException">The directory of checkpoints cannot be listed.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be listed.</exception>
    public string? NewestCheckpoint => !Directory.Exists(Checkpoints) ? null : Directory.EnumerateDirectories(Checkpoints)
        .Select(path => (Path: path, Name: NumbersOf(System.IO.Path.GetFileName(path))))
        .Where(one => one.Name is not null).OrderBy(one => one.Name).LastOrDefault().Path;

    /// <summary>The runs below <paramref name="root"/>, in no particular order; directories that are not runs are passed over.</summary>
    public static IEnumerable<RunDirectory> All(string root)
    {
        if (!Directory.Exists(root))
            yield break;
        foreach (string path in Directory.EnumerateDirectories(root))
        {
            if (RunId.TryParse(System.IO.Path.GetFileName(path), out var id) && new RunDirectory(root, id) is { Exists: true } run)
                yield return run;
        }
    }

    /// <summary>Whether there is a run: its status, or what a status can be rebuilt from.</summary>
    private bool Exists => File.Exists(Status) || File.Exists(Spec);

    /// <summary>
    /// The last written status; one rebuilt from the run's other files where it is damaged or gone, with a warning that says so. Null when
    /// there is no such run. The directory's name is the run's id, whatever a copied status says.
    /// </summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public RunStatus? ReadStatus()
    {
        if (!Exists)
            return null;
        try
        {
            return RunJson.ReadStatus(File.ReadAllText(Status)) with { Id = Id.Text };
        }
        catch (FileNotFoundException)
        {
            return RebuildStatus($"found no {Status}, expected the run's last status");
        }
        catch (JsonException damage)
        {
            return RebuildStatus($"{Status}: found text that is no status from line {(damage.LineNumber ?? 0) + 1} on");
        }
    }

    /// <summary>What <see cref="Fork"/> says; null where it is not there, or damaged.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public RunFork? ReadFork()
    {
        try
        {
            return File.Exists(Fork) ? RunJson.ReadFork(File.ReadAllText(Fork)) : null;
        }
        catch (JsonException)
        {
            // The run's first checkpoint says the step; who is the parent may be in the status.
            return null;
        }
    }

    /// <summary>
    /// As <see cref="ReadFork"/>; what the status says where the file is damaged or gone. A fork is never taken for a run that began with
    /// its own first state.
    /// </summary>
    /// <param name="status">The run's status; null where there is none.</param>
    /// <returns>Null for a run that began with its own state.</returns>
    /// <exception cref="InvalidDataException">The run is a fork, and neither says of which state; says what to do.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public RunFork? FindFork(RunStatus? status) => ReadFork() ?? status?.Fork ?? (!File.Exists(Fork) ? null
        : throw new InvalidDataException($"{Fork}: found text that does not say with which state of which run this one began, expected "
            + "what 'tbptt fork' wrote; put the file back, or fork that run again"));

    /// <summary>A status of what the run's other files say; it names no cluster, so that no silo continues the run by itself.</summary>
    /// <param name="damage">Why <c>status.json</c> is not read; becomes the status's warning.</param>
    public RunStatus RebuildStatus(string damage) => RebuiltStatus.Of(this, damage);

    private static (int Generation, long Step)? NumbersOf(string name) =>
        name.Split('-') is [var generation, var step]
        && int.TryParse(generation, NumberStyles.None, CultureInfo.InvariantCulture, out int first)
        && long.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out long second) ? (first, second) : null;
}

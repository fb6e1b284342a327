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

    /// <summary>The events, one a line.</summary>
    public string Metrics => System.IO.Path.Combine(Path, "metrics.jsonl");

    /// <summary>The trained model, written at the end.</summary>
    public string Model => System.IO.Path.Combine(Path, "model.safetensors");

    /// <summary>The hidden state of every lane after the last step, written at the end.</summary>
    public string Hidden => System.IO.Path.Combine(Path, "hidden.safetensors");

    /// <summary>Silo logs of a local cluster that ran this run.</summary>
    public string Logs => System.IO.Path.Combine(Path, "logs");

    /// <summary>Files whose names are the generations taken so far; each lists the checkpoints there were when it was taken.</summary>
    public string Generations => System.IO.Path.Combine(Path, "generations");

    /// <summary>The committed states on disk, one directory for each: <c>generation-step</c>.</summary>
    public string Checkpoints => System.IO.Path.Combine(Path, "checkpoints");

    /// <summary>The runs below <paramref name="root"/>, in no particular order; directories that are not runs are passed over.</summary>
    public static IEnumerable<RunDirectory> All(string root)
    {
        if (!Directory.Exists(root))
            yield break;
        foreach (string path in Directory.EnumerateDirectories(root))
        {
            if (RunId.TryParse(System.IO.Path.GetFileName(path), out var id) && new RunDirectory(root, id) is var run
                && File.Exists(run.Status))
                yield return run;
        }
    }

    /// <summary>
    /// The last written status; null when there is none. The directory's name is the run's id, whatever a copied status says.
    /// </summary>
    /// <exception cref="System.Text.Json.JsonException">The file is not a status.</exception>
    public RunStatus? ReadStatus() => File.Exists(Status) ? RunJson.ReadStatus(File.ReadAllText(Status)) with { Id = Id.Text } : null;
}

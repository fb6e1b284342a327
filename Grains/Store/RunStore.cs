using System.Text.Json;
using Microsoft.Extensions.Options;
using Orleans.Tbptt.Data.Safetensors;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Store;

/// <summary>Writes the directories of runs.</summary>
internal sealed class RunStore(IOptions<TbpttGrainsOptions> options)
{
    private readonly string _root = Path.GetFullPath(options.Value.RunsDirectory);

    /// <summary>The directory of a run, there or not.</summary>
    public RunDirectory Of(RunId run) => new(_root, run);

    /// <summary>Makes a run's directory with its resolved spec and first status.</summary>
    /// <returns>False when there is a run of this id already; it is left as it is.</returns>
    public bool TryCreate(RunSpec spec, RunStatus status)
    {
        var run = Of(RunId.Parse(status.Id));
        Directory.CreateDirectory(run.Path);
        try
        {
            // The spec is the run's birth: whoever creates the file has the id.
            using (new FileStream(run.Spec, FileMode.CreateNew))
            {
            }
        }
        catch (IOException) when (File.Exists(run.Spec))
        {
            return false;
        }

        Directory.CreateDirectory(run.Generations);
        DurableFile.WriteText(run.Spec, SpecWriter.ToYaml(spec));
        Write(status);
        return true;
    }

    /// <summary>Takes the next generation of a run.</summary>
    public int TakeGeneration(RunId run)
    {
        string directory = Of(run).Generations;
        Directory.CreateDirectory(directory);
        int generation = GenerationFile.Taken(directory).DefaultIfEmpty().Max() + 1;
        while (!TryTakeGeneration(run, generation))
            generation++;
        return generation;
    }

    /// <summary>
    /// Takes one generation by creating its file, which only one coordinator can do, and writes down which checkpoints there are: from now on, of those
    /// of older generations no others count.
    /// </summary>
    /// <returns>False when another coordinator has it.</returns>
    public bool TryTakeGeneration(RunId run, int generation)
    {
        string directory = Of(run).Generations, path = Path.Combine(directory, $"{generation}");
        try
        {
            using (new FileStream(path, FileMode.CreateNew))
            {
            }
        }
        catch (IOException) when (File.Exists(path))
        {
            return false;
        }

        DurableFile.FlushDirectory(directory);
        try
        {
            DurableFile.WriteText(path, GenerationFile.Content(Of(run).Checkpoints));
        }
        catch (IOException)
        {
            // The disk is full. The generation is taken all the same, and a run that is under way must be able to place its trainers again.
        }

        return true;
    }

    /// <summary>Whether no newer generation has been taken; they are taken one by one.</summary>
    public bool IsNewest(RunId run, int generation) => !File.Exists(Path.Combine(Of(run).Generations, $"{generation + 1}"));

    /// <summary>Whether any coordinator has begun with a run.</summary>
    public bool HasBegun(RunId run) => Directory.Exists(Of(run).Generations) && GenerationFile.Taken(Of(run).Generations).Any();

    /// <summary>Writes a run's status. A coordinator that has been replaced may still be at it: neither stands in the other's way.</summary>
    public void Write(RunStatus status) =>
        DurableFile.WriteText(Of(RunId.Parse(status.Id)).Status, RunJson.Write(status), Unfinished(status.Generation));

    /// <summary>Removes what coordinators before a generation began to write of the run's status; one that is still at it fails.</summary>
    public void DropUnfinished(RunId run, int before)
    {
        for (int generation = 0; generation < before; generation++)
            File.Delete(Of(run).Status + Unfinished(generation));
    }

    /// <summary>Writes what a run ends with: the hidden state of every lane, then the trained model.</summary>
    /// <returns>The model's path.</returns>
    public string WriteResult(RunId run, RunSpec spec, TrainingState state)
    {
        var directory = Of(run);
        int lanes = spec.Data.BatchSize;
        var metadata = new Dictionary<string, string> { ["format"] = "pt", ["step"] = $"{state.Step}" };
        var hidden = HiddenTensors.Of(spec.Model, lanes, state.Hidden);
        DurableFile.Write(directory.Hidden, stream => SafetensorsFile.Write(stream, HiddenTensors.Slots(spec.Model, lanes), hidden, metadata));
        DurableFile.Write(directory.Model, stream => SafetensorsFile.Write(stream, state.Layout, state.Parameters, metadata));
        return directory.Model;
    }

    /// <summary>Opens a run's journal behind its last whole line.</summary>
    /// <param name="run">The run.</param>
    /// <param name="inForce">Whether the coordinator may still write.</param>
    public RunJournal OpenJournal(RunId run, Func<bool> inForce) => new(Of(run).Metrics, inForce);

    /// <summary>The last written status of every run, newest first. A run whose status cannot be read hides no other.</summary>
    public IReadOnlyList<RunStatus> List() =>
        [.. RunDirectory.All(_root).Select(StatusOrNull).OfType<RunStatus>().OrderByDescending(status => status.SubmittedAt)];

    private static string Unfinished(int generation) => $".{generation}.tmp";

    private static RunStatus? StatusOrNull(RunDirectory run)
    {
        try
        {
            return run.ReadStatus();
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

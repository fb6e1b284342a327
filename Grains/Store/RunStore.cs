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

    /// <summary>Takes the next generation of a run by creating its file, which only one coordinator can do.</summary>
    public int TakeGeneration(RunId run)
    {
        string directory = Of(run).Generations;
        Directory.CreateDirectory(directory);
        for (int generation = Highest(directory) + 1; ; generation++)
        {
            try
            {
                using (new FileStream(Path.Combine(directory, $"{generation}"), FileMode.CreateNew))
                {
                }

                DurableFile.FlushDirectory(directory);
                return generation;
            }
            catch (IOException) when (File.Exists(Path.Combine(directory, $"{generation}")))
            {
                // Another coordinator was faster; the next number is free or it, too, is taken.
            }
        }
    }

    /// <summary>Whether no newer generation has been taken.</summary>
    public bool IsNewest(RunId run, int generation) => Highest(Of(run).Generations) <= generation;

    /// <summary>Writes a run's status.</summary>
    public void Write(RunStatus status) => DurableFile.WriteText(Of(RunId.Parse(status.Id)).Status, RunJson.Write(status));

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
    public RunJournal OpenJournal(RunId run) => new(Of(run).Metrics);

    /// <summary>The last written status of every run, newest first.</summary>
    public IReadOnlyList<RunStatus> List() =>
        [.. RunDirectory.All(_root).Select(run => run.ReadStatus()).OfType<RunStatus>().OrderByDescending(status => status.SubmittedAt)];

    private static int Highest(string directory) =>
        Directory.EnumerateFiles(directory).Select(path => int.TryParse(Path.GetFileName(path), out int generation) ? generation : 0).DefaultIfEmpty().Max();
}

using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Data.Safetensors;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Reading;
using Orleans.Tbptt.Specs.Writing;
using Orleans.Tbptt.Training.Checkpoints;
using Orleans.Tbptt.Training.Models;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Store;

/// <summary>Writes the directories of runs.</summary>
internal sealed class RunStore(IOptions<TbpttGrainsOptions> options)
{
    private const string UnfinishedEnd = ".tmp";
    private readonly string _root = Path.GetFullPath(options.Value.RunsDirectory);

    /// <summary>The directory that holds all runs.</summary>
    public string Root => _root;

    /// <summary>Reads specs with the choices of this silo.</summary>
    public SpecReader Reader { get; } = options.Value.Choices.Reader;

    /// <summary>The directory of the logs of streams: no run's, because no run's ID begins with a dot.</summary>
    public string Streams => Path.Combine(_root, ".streams");

    /// <summary>The directory of a run, there or not.</summary>
    public RunDirectory Of(RunId run) => new(_root, run);

    /// <summary>
    /// Makes a run's directory with its resolved spec, its data and its first status. Who is killed on the way leaves a spec without a
    /// status: the same spec once more finishes what was begun.
    /// </summary>
    /// <param name="spec">The spec, resolved.</param>
    /// <param name="status">The first status.</param>
    /// <param name="data">The data that the run is born with; null for a run whose data nobody compares.</param>
    public RunBirth Create(RunSpec spec, RunStatus status, RunData? data = null)
    {
        var run = Of(RunId.Parse(status.Id));
        Directory.CreateDirectory(run.Generations);

        // Creating the spec's file creates the run: the process that succeeds has the ID.
        bool born = DurableFile.TryCreate(run.Spec, SpecWriter.ToYaml(spec));
        if (!born && !IsOf(run.Id, spec, data))
            return RunBirth.TakenByAnother;

        // A run that has a status and no data is of a former release: its data are not known to be these.
        if (data is not null && !File.Exists(run.Status))
            DurableFile.TryCreate(run.Data, RunJson.Write(data));
        return DurableFile.TryCreate(run.Status, RunJson.Write(status)) ? RunBirth.Born : RunBirth.AlreadyThere;
    }

    /// <summary>
    /// Takes the next generation of a run. Where somebody has removed the files of generations, the checkpoints and the status say which
    /// were taken: a coordinator of one of them must not take itself for the newest.
    /// </summary>
    public int TakeGeneration(RunId run)
    {
        string directory = Of(run).Generations;
        Directory.CreateDirectory(directory);
        // In this order: what a coordinator writes comes after the file of its generation.
        int written = Math.Max(
            CheckpointName.In(Of(run).Checkpoints).Select(name => name.Generation).DefaultIfEmpty().Max(),
            StatusOrNull(Of(run))?.Generation ?? 0);
        int taken = Math.Max(GenerationFile.Taken(directory).DefaultIfEmpty().Max(), GenerationFile.Removed(directory));
        int generation = Math.Max(taken, written) + 1;
        while (!TryTakeGeneration(run, generation))
            generation++;
        if (written > taken)
            GenerationFile.Restore(directory, generation, Unfinished(generation), () => EnsureNewest(run, generation));
        return generation;
    }

    /// <summary>
    /// Takes one generation by creating its file, which only one coordinator can do, and writes down which checkpoints there are: from now
    /// on, of those of older generations no others count.
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

        if (generation <= GenerationFile.Removed(directory))
        {
            // It was taken long ago, and its file was removed.
            File.Delete(path);
            return false;
        }

        DurableFile.FlushDirectory(directory);
        try
        {
            DurableFile.WriteText(path, GenerationFile.Content(Of(run).Checkpoints, directory));
        }
        catch (IOException)
        {
            // The disk is full. The generation is taken all the same, and a run that is under way must be able to place its trainers again.
        }

        return true;
    }

    /// <summary>Whether no newer generation has been taken; they are taken one by one.</summary>
    public bool IsNewest(RunId run, int generation) => !File.Exists(Path.Combine(Of(run).Generations, $"{generation + 1}"))
        && GenerationFile.Removed(Of(run).Generations) <= generation;

    private void EnsureNewest(RunId run, int generation)
    {
        if (!IsNewest(run, generation))
            throw new SupersededException(run);
    }

    /// <summary>
    /// Removes files of older generations where there are many: a run that is restarted ten thousand times needs no ten thousand files.
    /// </summary>
    /// <param name="fence">The right to write.</param>
    public void RemoveOldGenerations(RunFence fence)
    {
        try
        {
            GenerationFile.RemoveOld(Of(fence.Run).Generations, fence.Generation, fence.Unfinished, fence.Ensure);
        }
        catch (Exception exception) when (exception is not SupersededException && exception is IOException or UnauthorizedAccessException)
        {
            // Too many files are better than a run that does not continue; the next generation tries again.
        }
    }

    /// <summary>Writes a run's status.</summary>
    /// <exception cref="SupersededException">A newer coordinator has taken the run over; its status is left as it is.</exception>
    public void Write(RunStatus status, RunFence fence) =>
        DurableFile.WriteText(Of(fence.Run).Status, RunJson.Write(status), fence.Unfinished, fence.Ensure);

    /// <summary>Writes a run's spec anew: it has another number of trainers.</summary>
    /// <exception cref="SupersededException">A newer coordinator has taken the run over.</exception>
    public void Write(RunSpec spec, RunFence fence) =>
        DurableFile.WriteText(Of(fence.Run).Spec, SpecWriter.ToYaml(spec), fence.Unfinished, fence.Ensure);

    /// <summary>
    /// The spec of a run that has begun. The files it names need not be there to read it.
    /// </summary>
    /// <exception cref="SpecException">It is no sound spec: somebody has changed it.</exception>
    /// <exception cref="FileNotFoundException">Somebody has removed it: <see cref="NoSpec"/>.</exception>
    public RunSpec ReadSpec(RunId run)
    {
        string path = Of(run).Spec;
        var document = Reader.Parse(new(File.ReadAllText(path), path, Of(run).Path), filesMustExist: false);
        return document.Spec ?? throw new SpecException(document.Problems);
    }

    /// <summary>The data that a run was born with; null where its directory does not say, because a former release wrote it.</summary>
    /// <exception cref="InvalidDataException">The file is damaged; says which, and what to do.</exception>
    public RunData? ReadData(RunId run)
    {
        string path = Of(run).Data;
        try
        {
            return File.Exists(path) ? RunJson.ReadData(File.ReadAllText(path)) : null;
        }
        catch (JsonException damage)
        {
            throw new InvalidDataException($"{path}: found text that does not say what data the run has ({damage.Message}); put the file "
                + "back, or begin the run again with 'tbptt resume --from-start' without it", damage);
        }
    }

    /// <summary>Writes down the data of a run that a former release submitted.</summary>
    /// <exception cref="SupersededException">A newer coordinator has taken the run over.</exception>
    public void Write(RunData data, RunFence fence) =>
        DurableFile.WriteText(Of(fence.Run).Data, RunJson.Write(data), fence.Unfinished, fence.Ensure);

    /// <summary>Writes a table of figures.</summary>
    /// <param name="path">Its file, in the run's directory.</param>
    /// <param name="write">Writes its lines.</param>
    /// <param name="isLast">Whether it is not written again.</param>
    /// <param name="fence">The right to write.</param>
    /// <exception cref="SupersededException">A newer coordinator has taken the run over.</exception>
    public static void WriteTable(string path, Action<TextWriter> write, bool isLast, RunFence fence) => DurableFile.Write(path, stream =>
    {
        using var text = new StreamWriter(stream, leaveOpen: true);
        write(text);
    }, fence.Unfinished, fence.Ensure, isLast);

    /// <summary>Why a run cannot continue whose spec was removed: nothing else in the directory says how to train.</summary>
    public static string NoSpec(RunDirectory run) => $"found no {run.Spec}, expected the run's spec; put it back and resume the run; "
        + $"a cluster writes it anew for 'tbptt submit SPEC --id {run.Id}' with the spec that the run was started with";

    /// <summary>Removes what coordinators before a generation began to write; one that is still at it finds nothing to rename.</summary>
    public void DropUnfinished(RunId run, int before)
    {
        string[] directories = [Of(run).Path, Of(run).Segments, Of(run).Generations];
        foreach (string path in directories.Where(Directory.Exists)
            .SelectMany(directory => Directory.EnumerateFiles(directory, "*" + UnfinishedEnd)))
        {
            string generation = Path.GetExtension(Path.GetFileNameWithoutExtension(path)).TrimStart('.');
            if (int.TryParse(generation, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number < before)
                File.Delete(path);
        }
    }

    /// <summary>Writes what a run ends with: the hidden state of every lane, the model package, then the trained model.</summary>
    /// <param name="fence">The right to write.</param>
    /// <param name="spec">The run's spec.</param>
    /// <param name="output">The parameters and the hidden state.</param>
    /// <param name="status">The status after the last step.</param>
    /// <param name="data">The data that the run was born with.</param>
    /// <returns>The model's path.</returns>
    /// <exception cref="SupersededException">A newer coordinator has taken the run over.</exception>
    public string WriteResult(RunFence fence, RunSpec spec, RunOutput output, RunStatus status, RunData data)
    {
        var directory = Of(fence.Run);
        int lanes = spec.Data.BatchSize;
        var metadata = RunModelFile.Metadata(output);
        var hidden = HiddenTensors.Of(spec.Model, lanes, LaneState.Newest(spec, output.Hidden));
        DurableFile.Write(directory.Hidden, stream =>
            SafetensorsFile.Write(stream, HiddenTensors.Slots(spec.Model, lanes), hidden, metadata), fence.Unfinished, fence.Ensure);
        Directory.CreateDirectory(directory.Package);
        var package = ModelPackage.Of(status, spec, File.ReadAllText(directory.Spec), data, output.Parameters, hidden);
        foreach (var (name, write) in package.Files)
            DurableFile.Write(Path.Combine(directory.Package, name), write, fence.Unfinished, fence.Ensure);
        DurableFile.Write(
            directory.Model, stream => RunModelFile.Write(stream, spec, output), fence.Unfinished, fence.Ensure);
        return directory.Model;
    }

    /// <summary>The directories of all runs.</summary>
    public IEnumerable<RunDirectory> All() => RunDirectory.All(_root);

    /// <summary>The last written status of every run, newest first. A run whose status cannot be read hides no other.</summary>
    public IReadOnlyList<RunStatus> List() =>
        [.. All().Select(StatusOrNull).OfType<RunStatus>().OrderByDescending(status => status.SubmittedAt)];

    /// <summary>What the names of files end with that a generation has not finished.</summary>
    internal static string Unfinished(int generation) => string.Create(CultureInfo.InvariantCulture, $".{generation}{UnfinishedEnd}");

    /// <summary>Whether a run's spec is this one; also where a former release left out what the data decide.</summary>
    private bool IsOf(RunId run, RunSpec spec, RunData? data)
    {
        try
        {
            var written = ReadSpec(run);
            return written == spec || (data?.Description is { } read && SpecResolver.Complete(written, read.Contents) == spec);
        }
        catch (SpecException)
        {
            return false;
        }
    }

    private static RunStatus? StatusOrNull(RunDirectory run)
    {
        try
        {
            return run.ReadStatus();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

using System.Diagnostics.CodeAnalysis;
using Orleans.Tbptt.Data.Extending;
using Orleans.Tbptt.Data.Safetensors;
using Orleans.Tbptt.Grains.Progress;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Writing;
using Orleans.Tbptt.Training.Checkpoints;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Checkpoints;

/// <summary>
/// The checkpoints of runs, <c>runs/&lt;id&gt;/checkpoints/&lt;generation&gt;-&lt;step&gt;/</c>: written so that they exist complete
/// or not at all, read so that nothing damaged is ever taken. Blocks while it works.
/// </summary>
internal sealed class CheckpointStore(RunStore runs, TimeProvider time)
{
    /// <summary>Makes a new file to write; tests put a failing one in its place.</summary>
    internal Func<string, FileStream> CreateFile { get; init; } =
        path => new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 1);

    /// <summary>The directory of a run's checkpoints, there or not.</summary>
    public string DirectoryOf(RunId run) => runs.Of(run).Checkpoints;

    /// <summary>
    /// Writes a checkpoint under a name of no meaning, each file flushed to the disk, <c>state.json</c> last, and then has it published.
    /// </summary>
    /// <param name="run">The run.</param>
    /// <param name="spec">Its spec, every size known.</param>
    /// <param name="snapshot">The committed state.</param>
    /// <param name="about">What to record besides the tensors, as far as it does not follow from the state, the spec and the files.</param>
    /// <param name="beforePublishing">Called when all files are on the disk: the place to wait for what must be there first.</param>
    /// <param name="publish">Gives the checkpoint its name under the generation of that moment.</param>
    /// <exception cref="IOException">It could not be written. Nothing of it is left.</exception>
    public WrittenCheckpoint Write(
        RunId run, RunSpec spec, TrainingSnapshot snapshot, CheckpointState about, Action beforePublishing, CheckpointPublisher publish)
    {
        long started = time.GetTimestamp();
        var directory = runs.Of(run);
        string unfinished = Path.Combine(directory.Checkpoints, $".{about.Generation}-{snapshot.Step}.tmp");
        try
        {
            MakeEmpty(directory, unfinished);
            long bytes = WriteFiles(unfinished, spec, snapshot, about with
            {
                Run = run.Text,
                Step = snapshot.Step,
                EpochLossSum = snapshot.EpochLossSum,
                EpochWeight = snapshot.EpochWeight,
                OptimizerCount = snapshot.OptimizerCount,
                Updates = snapshot.Updates,
                AverageCount = snapshot.AverageCount,
                GradientWeight = snapshot.GradientWeight,
                TrainerUpdates = [.. snapshot.TrainerOptimizers.Select(inner => inner.Count)],
                Shards = spec.Train.ShardCount,
                SpecHash = SpecHash.Of(spec),
                WrittenAt = time.GetUtcNow(),
            });
            DurableFile.FlushDirectory(unfinished);
            beforePublishing();
            var name = publish(generation => Rename(directory.Checkpoints, unfinished, new(generation, snapshot.Step)));
            DurableFile.FlushDirectory(directory.Checkpoints);
            return new(name, bytes, time.GetElapsedTime(started));
        }
        catch
        {
            Removal.Try(unfinished);
            throw;
        }
    }

    /// <summary>The checkpoints of a run that count, newest first, whole or not.</summary>
    /// <remarks>
    /// One of generation g counts if every newer generation saw it when it began. A coordinator that was stopped just before it gave a
    /// checkpoint its name, and that continues after another has begun, comes too late, however long it was stopped.
    /// </remarks>
    public IReadOnlyList<CheckpointName> Candidates(RunId run)
    {
        var directory = runs.Of(run);
        CheckpointName[] names = [.. CheckpointName.In(directory.Checkpoints).OrderDescending()];
        if (names.Length == 0)
            return names;
        var generations = GenerationFile.NewerThan(directory.Generations, names[^1].Generation);
        return [.. names.Where(name => generations.All(newer => newer.Number <= name.Generation || newer.Saw(name)))];
    }

    /// <summary>Opens the newest whole checkpoint of a run.</summary>
    /// <param name="run">The run.</param>
    /// <param name="spec">Its spec, every size known; it may have another number of trainers than the checkpoint.</param>
    /// <param name="lastEvent">
    /// The number of the last event in its journal. A checkpoint that was taken after a later one is passed over: the journal was
    /// shortened, and the events that are missing are computed again from an older checkpoint.
    /// </param>
    /// <param name="generation">
    /// The caller's generation, under which a checkpoint that somebody renamed gets a name again where no other can be used; null where
    /// nothing may be renamed.
    /// </param>
    /// <exception cref="IOException">The directory cannot be listed.</exception>
    public Restoration RestoreNewest(RunId run, RunSpec spec, long lastEvent = long.MaxValue, int? generation = null)
    {
        var renamed = RenamedCheckpoint.In(runs.Of(run));
        var passedOver = new List<PassedOver>(renamed.Select(one => one.Report));
        foreach (var name in Candidates(run))
        {
            if (TryRead(run, name, spec, lastEvent, out var restored, out string? problem))
                return new(restored, [.. passedOver.Where(one => one.Name.CompareTo(name) > 0).OrderByDescending(one => one.Name)]);
            passedOver.Add(new(name, problem));
        }

        foreach (var one in generation is null ? [] : renamed)
        {
            var name = new CheckpointName(generation!.Value, one.Name.Step);
            using var move = one.Rename(name);
            if (!TryRead(run, name, spec, lastEvent, out var restored, out _))
                continue;
            move.Keep();
            return new(restored, passedOver);
        }

        // Directories that somebody removed are a loss, too, and not a run that has saved nothing.
        var seen = GenerationFile.NewerThan(runs.Of(run).Generations, 0)
            .SelectMany(seen => seen.Checkpoints?.AsEnumerable() ?? []);
        if (passedOver.Count == 0 && seen.Order().ToArray() is [.., var gone])
            passedOver.Add(new(gone, "found no such directory, expected it, because it existed when a coordinator began"));
        return new(null, [.. passedOver.OrderByDescending(one => one.Name)]);
    }

    private bool TryRead(RunId run, CheckpointName name, RunSpec spec, long lastEvent, [NotNullWhen(true)] out RestoredCheckpoint? restored,
        [NotNullWhen(false)] out string? problem)
    {
        if (!TryRead(run, name, spec, out restored, out problem))
            return false;
        if (restored.State.LastEvent <= lastEvent)
            return true;
        problem = $"found that metrics.jsonl ends at event {lastEvent}, expected event {restored.State.LastEvent}, after which it " +
            "was taken: "
            + "the file was shortened";
        return false;
    }

    /// <inheritdoc cref="CheckpointReader.TryRead"/>
    public bool TryRead(
        RunId run, CheckpointName name, RunSpec spec, [NotNullWhen(true)] out RestoredCheckpoint? restored,
        [NotNullWhen(false)] out string? problem) =>
        new CheckpointReader(runs.Of(run), name).TryRead(spec, out restored, out problem);

    /// <summary>Reads the checkpoint of another run that a run begins with.</summary>
    /// <exception cref="RunLeftException">It is not whole; says what is wrong with it, and what to do.</exception>
    public TrainingSnapshot ReadParent(ExtendsSpec extends)
    {
        string? problem = "found no checkpoint's name, expected GENERATION-STEP";
        try
        {
            if (CheckpointName.TryParse(extends.Name, out var name)
                && new CheckpointReader(ParentRun.DirectoryOf(extends), name)
                    .TryRead(ParentRun.ReadSpec(extends, runs.Reader), out var restored, out problem))
                return restored.Snapshot;
        }
        catch (SpecException unread)
        {
            problem = unread.Message;
        }

        throw new RunLeftException(
            RunState.Failed,
            $"{extends.Checkpoint}, which the run begins with: {problem}; put it back and resume the run, or extend again");
    }

    /// <summary>
    /// Removes what is neither among the newest nor among the best, nor what a run was forked with, and what older generations wrote too
    /// late to count. A removal that is cut short leaves no half checkpoint.
    /// </summary>
    /// <param name="run">The run.</param>
    /// <param name="spec">How many are kept.</param>
    /// <param name="written">The one that was just written; it is kept.</param>
    public void Retain(RunId run, CheckpointSpec spec, CheckpointName written)
    {
        // If a newer generation has begun, it may have done so before this checkpoint had its name: nothing may be removed for its sake.
        if (!runs.IsNewest(run, written.Generation))
            return;
        var directory = runs.Of(run);
        var counting = Candidates(run);
        var best = counting.Select(name =>
            (Name: name, CheckpointReader.ReadState(Path.Combine(directory.Checkpoints, $"{name}"))?.BestLoss))
            .Where(one => one.BestLoss is { } loss && double.IsFinite(loss))

            // Of a step the one that counts is the newest; of equal losses, the first is the best.
            .OrderByDescending(one => one.Name).DistinctBy(one => one.Name.Step)
            .OrderBy(one => one.BestLoss).ThenBy(one => one.Name.Step).Take(spec.KeepBest);
        HashSet<CheckpointName> kept =
            [written, .. counting.Take(spec.KeepLast), .. best.Select(one => one.Name), .. counting.Where(name => name.Generation == 0)];
        var late = CheckpointName.In(directory.Checkpoints).Where(name => name.Generation < written.Generation).Except(counting);
        Removal.Of(directory.Checkpoints, [.. counting.Except(kept), .. late]);
    }

    /// <summary>
    /// Removes what older generations left unfinished; one that is still at it finds nothing to rename. Called by a coordinator that
    /// begins.
    /// </summary>
    /// <param name="run">The run.</param>
    /// <param name="before">The new generation.</param>
    public void Sweep(RunId run, int before) => Removal.Leftovers(runs.Of(run).Checkpoints, before);

    private static void MakeEmpty(RunDirectory run, string unfinished)
    {
        bool first = !Directory.Exists(run.Checkpoints);
        if (!first && Directory.Exists(unfinished))
            Directory.Delete(unfinished, recursive: true);
        Directory.CreateDirectory(unfinished);
        if (first)
            DurableFile.FlushDirectory(run.Path);
    }

    /// <summary>Writes the tensors and then what seals them.</summary>
    /// <returns>Bytes in all.</returns>
    private long WriteFiles(string directory, RunSpec spec, TrainingSnapshot snapshot, CheckpointState state)
    {
        var metadata = new Dictionary<string, string> { ["format"] = "pt", ["run"] = state.Run, ["step"] = $"{snapshot.Step}" };
        var seals = new SortedDictionary<string, FileSeal>(StringComparer.Ordinal);
        foreach (var file in CheckpointFiles.Of(spec, snapshot))
        {
            if (file.Name == CheckpointFiles.Hidden)
                HiddenTensors.Of(spec.Model, CheckpointFiles.HiddenRows(spec), snapshot.Hidden).CopyTo(file.Values, 0);
            seals[file.Name] =
                WriteFile(Path.Combine(directory, file.Name), stream => SafetensorsFile.Write(stream, file.Slots, file.Values, metadata));
        }

        byte[] sealedState = SealedJson.Seal(RunJson.Write(state with { Files = seals }));
        WriteFile(Path.Combine(directory, CheckpointFiles.State), stream => stream.Write(sealedState));
        return seals.Values.Sum(seal => seal.Length) + sealedState.Length;
    }

    private FileSeal WriteFile(string path, Action<Stream> write)
    {
        using var file = CreateFile(path);
        using var stream = new SealingStream(file);
        write(stream);
        file.Flush(flushToDisk: true);
        return stream.Seal();
    }

    private static CheckpointName Rename(string directory, string unfinished, CheckpointName name)
    {
        string path = Path.Combine(directory, name.ToString());

        // The same step again, at its epoch's end: the existing one was taken before that end.
        if (Directory.Exists(path))
            Removal.Of(directory, [name]);
        Directory.Move(unfinished, path);
        return name;
    }
}

using System.Text.Json;
using Orleans.Tbptt.Data.Extending;
using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Journals;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Checkpoints;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Training.Replay;

/// <summary>What a run's directory says of it, and its data, held to what the run was born with.</summary>
internal sealed class ReplayFiles
{
    private readonly ReplayOptions _options;

    private ReplayFiles(RunDirectory run, RunSpec spec, RunData born, ReplayOptions options) =>
        (Run, Spec, Born, _options, Fork) = (run, spec, born, options, run.FindFork(run.ReadStatus()));

    public RunDirectory Run { get; }

    /// <summary>The run's spec as it is now.</summary>
    public RunSpec Spec { get; }

    /// <summary>The data that the run was born with.</summary>
    public RunData Born { get; }

    /// <summary>Which state of which run it began with; null where it began with its own.</summary>
    public RunFork? Fork { get; }

    /// <summary>That the checkpoint cannot be used which a forked run begins with.</summary>
    public static string NoBirth(RunId run, RunFork fork) => $"found no whole checkpoint of run {run}, expected that of step {fork.Step}, "
        + $"which it began with, a state of run {fork.Run}; put it back, or fork that run again";

    /// <exception cref="ReplayException">A file is missing or damaged.</exception>
    public static ReplayFiles Read(RunDirectory run, ReplayOptions options)
    {
        try
        {
            var document = options.Reader.Parse(new(File.ReadAllText(run.Spec), run.Spec, run.Path), filesMustExist: false);
            var spec = document.Spec ?? throw new SpecException(document.Problems);
            if (!File.Exists(run.Data))
            {
                throw new ReplayException($"found no {run.Data}, expected it with the length and the hash of each data file; put it back, "
                    + "or, where a former release began the run, resume the run once with this one, which writes it");
            }

            return new(run, spec, RunJson.ReadData(File.ReadAllText(run.Data)), options);
        }
        catch (SpecException unread)
        {
            throw new ReplayException($"{run.Spec}: {unread.Message}", unread);
        }
        catch (InvalidDataException damage)
        {
            throw new ReplayException(damage.Message, damage);
        }
        catch (JsonException damage)
        {
            throw new ReplayException(
                $"{run.Data}: found text that does not say what data the run has ({damage.Message}); put the file back", damage);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ReplayException($"run {run.Id} cannot be read: {error.Message}", error);
        }
    }

    /// <summary>Opens the data, as far as the run has read them.</summary>
    /// <exception cref="ReplayException">They are not what they were; says which file, and how it differs.</exception>
    public PreparedRun Open()
    {
        try
        {
            var prepared = PreparedRun.Prepare(
                Moved(), _options.Roots, _options.ChecksData, _options.KeepsTimes, _options.Reader, PreparedRun.EndOf(Spec, Born.Files));
            if (!_options.ChecksData || prepared.FindDifference(Born.Files) is not { } difference)
                return prepared;
            prepared.Dispose();
            throw new ReplayException(difference);
        }
        catch (SpecException unfit)
        {
            string? change = DataFingerprint.FindChange(
                Born.Files, _options.Roots ?? DataRoots.Anywhere, PreparedRun.FollowedAt(Spec));
            throw new ReplayException(change is null ? unfit.Message : $"{change}; {unfit.Message}", unfit);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ReplayException($"the data of run {Run.Id} cannot be read: {error.Message}", error);
        }
    }

    /// <summary>
    /// The spec with its data where they lie now. It is for opening them alone: a checkpoint knows the spec by its former paths.
    /// </summary>
    private RunSpec Moved()
    {
        if (_options.DataDirectory is not { } directory)
            return Spec;
        string text = RunConfig.WithoutDirectories(File.ReadAllText(Run.Spec), Spec);
        var document = _options.Reader.Parse(new(text, Run.Spec, Path.GetFullPath(directory)), filesMustExist: false);
        return document.Spec ?? throw new SpecException(document.Problems);
    }

    /// <summary>The checkpoints of the run, the lowest step first, of a step the newest generation first.</summary>
    /// <remarks>
    /// Those of older generations that a takeover passed over, too: each whole checkpoint is a state of this very run, to the bit.
    /// </remarks>
    public IReadOnlyList<CheckpointName> Checkpoints() =>
        [.. CheckpointName.In(Run.Checkpoints).OrderBy(name => name.Step).ThenByDescending(name => name.Generation)];

    /// <summary>
    /// Where the number of shards changed: that many from a step on. Begins with step 0. A run that is resumed with more trainers than
    /// shards has more shards from its newest checkpoint on.
    /// </summary>
    /// <exception cref="ReplayException">The journal cannot be read.</exception>
    public IReadOnlyList<(long From, int Shards)> Shards()
    {
        try
        {
            RunStarted[] begun =
                [.. new JournalReader(Run.Metrics).ReadOthers(0).Lines.Select(RunJson.ReadEventOrNull).OfType<RunStarted>()];
            var shards = new List<(long From, int Shards)>();
            foreach (var one in begun)
            {
                // What was computed behind that step before was computed again, by so many shards.
                shards.RemoveAll(former => former.From >= one.Step);
                if (shards.Count == 0 || shards[^1].Shards != one.Shards)
                    shards.Add((shards.Count == 0 ? 0 : one.Step, one.Shards));
            }

            return shards.Count > 0 ? shards : [(0, Spec.Train.ShardCount)];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ReplayException($"{Run.Metrics} cannot be read: {error.Message}", error);
        }
    }

    /// <summary>The checkpoint of the parent that a run begins with which extends it.</summary>
    /// <exception cref="ReplayException">It is not whole.</exception>
    public RestoredCheckpoint Parent(ExtendsSpec extends)
    {
        string? problem = "found no checkpoint's name, expected GENERATION-STEP";
        try
        {
            if (CheckpointName.TryParse(extends.Name, out var name)
                && new CheckpointReader(ParentRun.DirectoryOf(extends), name)
                    .TryRead(ParentRun.ReadSpec(extends, _options.Reader), out var restored, out problem))
                return restored;
        }
        catch (SpecException unread)
        {
            problem = unread.Message;
        }

        throw new ReplayException($"{extends.Checkpoint}, which the run begins with: {problem}; put it back");
    }
}

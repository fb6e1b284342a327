using System.Text.Json;
using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Descriptions;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Reading;

namespace Orleans.Tbptt.Data.Extending;

/// <summary>The run that another one extends, as its files say.</summary>
public sealed class ParentRun
{
    private const string CheckpointFile = "state.json";

    private ParentRun(RunSpec spec, RunData data) => (Spec, Data) = (spec, data);

    /// <summary>Its spec, every size known.</summary>
    internal RunSpec Spec { get; }

    /// <summary>The data that it was born with.</summary>
    internal RunData Data { get; }

    /// <summary>What it read.</summary>
    internal DataDescription Read => Data.Description!;

    /// <summary>The parent's directory.</summary>
    /// <exception cref="SpecException">It has no name that a run can have.</exception>
    public static RunDirectory DirectoryOf(ExtendsSpec extends)
    {
        ArgumentNullException.ThrowIfNull(extends);
        return RunId.TryParse(Path.GetFileName(extends.Run), out var run) && Path.GetDirectoryName(extends.Run) is { Length: > 0 } store
            ? new(store, run)
            : throw new SpecException(new SpecProblem(
                DataKeys.Extends, $"'{extends.Checkpoint}', which is not in a run's directory", "a checkpoint of a run", "correct it"));
    }

    /// <summary>The spec of the run that a spec names as its parent.</summary>
    /// <param name="extends">Names it.</param>
    /// <param name="reader">Reads specs.</param>
    /// <exception cref="SpecException">It cannot be read.</exception>
    public static RunSpec ReadSpec(ExtendsSpec extends, SpecReader reader)
    {
        ArgumentNullException.ThrowIfNull(extends);
        ArgumentNullException.ThrowIfNull(reader);
        RunDirectory run = DirectoryOf(extends);
        try
        {
            SpecDocument document = reader.Parse(new(File.ReadAllText(run.Spec), run.Spec, run.Path), filesMustExist: false);
            return document.Spec ?? throw new SpecException(new SpecProblem(
                DataKeys.Extends, $"'{run.Spec}', which is no sound spec ({document.Problems[0]})", "the parent's spec",
                "put the file back as the parent wrote it"));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new SpecException(InputFile.Unreadable(DataKeys.Extends, run.Spec, error));
        }
    }

    /// <summary>Reads what a run that extends another one must know of it.</summary>
    /// <param name="extends">Names it.</param>
    /// <param name="opened">Opens its files, which determine the result.</param>
    /// <param name="reader">Reads specs.</param>
    /// <exception cref="SpecException">It cannot be extended; carries every mistake found.</exception>
    internal static ParentRun Open(ExtendsSpec extends, InputFiles opened, SpecReader reader)
    {
        RunDirectory run = DirectoryOf(extends);
        var problems = new ProblemList();
        RunData? data = TryRead(run.Data, RunJson.ReadData, opened, problems);
        CheckpointState? checkpoint =
            TryRead(Path.Combine(extends.Checkpoint, CheckpointFile), RunJson.ReadCheckpoint, opened, problems);
        problems.ThrowIfAny();
        if (checkpoint is { Chunk: > 0 } or { Epoch: 0 })
        {
            problems.Add(
                DataKeys.Extends, $"checkpoint {extends.Name}, which was taken within an epoch",
                "one of an epoch's end, after the parent's last chunk", "name the newest checkpoint of a run that has completed");
        }

        if (data!.Description is null)
        {
            problems.Add(
                DataKeys.Extends, $"{run.Data} without a description of what was read, because a former release began the run",
                "a run that was submitted to this release", "train it again");
        }

        problems.ThrowIfAny();
        return new(ReadSpec(extends, reader), data);
    }

    /// <summary>The files of the data that it trained on, in order; null where it is not known which ones it held out.</summary>
    internal IReadOnlyList<DataFile>? Files()
    {
        // Its own parent's files come first, then those of its source, which come before all others.
        DataFile[] files = [.. Data.Files.Skip(Spec.Extends is null ? 0 : 2)];
        var reads = Spec.Data.Source.Reads.ToArray();
        if (!reads.Any(read => read.IsGlob))
            return files[..Math.Min(files.Length, reads.Length)];
        bool hasOwn = Enum.GetValues<HeldOutPart>().Any(part => Spec.Data.Of(part)?.Source is not null);
        int others = reads.Count(read => !read.IsGlob) + (Spec.Model.InitFrom is null ? 0 : Files(Spec.Model.InitFrom));
        return hasOwn || files.Length <= others ? null : files[..^others];
    }

    /// <summary>How many files of a run are those that it began with: of a model package two.</summary>
    private int Files(string initFrom) =>
        Data.Files is [.., var weights, var config] && Path.GetDirectoryName(weights.Path) == initFrom
            && Path.GetDirectoryName(config.Path) == initFrom ? 2 : 1;

    private static T? TryRead<T>(string path, Func<string, T> read, InputFiles opened, ProblemList problems) where T : class
    {
        if (opened.Admit(DataKeys.Extends, path, problems) is not { } real)
            return null;
        try
        {
            return read(File.ReadAllText(real));
        }
        catch (JsonException damage)
        {
            problems.Add(DataKeys.Extends, $"'{path}', which is damaged ({damage.Message})", "the file that the parent wrote",
                "put it back, or extend another run");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            problems.AddRange([InputFile.Unreadable(DataKeys.Extends, path, error)]);
        }

        return null;
    }
}

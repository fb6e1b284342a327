using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Training.Checkpoints;

namespace Orleans.Tbptt.Grains.Checkpoints;

/// <summary>
/// A checkpoint whose directory somebody has renamed. It is reported, because to begin a run without it may throw away weeks.
/// </summary>
/// <param name="Path">Its directory.</param>
/// <param name="Name">The name it was given when it was begun.</param>
internal sealed record RenamedCheckpoint(string Path, CheckpointName Name)
{
    /// <summary>Why it is not used, and what to do.</summary>
    public PassedOver Report =>
        new(Name, $"found its files in {Path}, expected them in directory {Name}; rename it where it is to be used");

    /// <summary>Those of a run, the one of the highest step first.</summary>
    /// <exception cref="IOException">The directory cannot be listed.</exception>
    public static IReadOnlyList<RenamedCheckpoint> In(RunDirectory run) => !Directory.Exists(run.Checkpoints) ? [] :
    [
        .. Directory.EnumerateDirectories(run.Checkpoints)
            .Where(path => System.IO.Path.GetFileName(path) is var name && name[0] != '.' && !CheckpointName.TryParse(name, out _))
            .Select(path => (Path: path, State: CheckpointReader.ReadState(path)))
            .Where(one => one.State?.Run == run.Id.Text)
            .Select(one => new RenamedCheckpoint(one.Path, new(one.State!.Generation, one.State.Step)))
            .OrderByDescending(one => one.Name.Step),
    ];

    /// <summary>Gives it a name for as long as the result is not disposed of, or for ever where that is kept.</summary>
    /// <exception cref="IOException">It cannot be renamed.</exception>
    public Move Rename(CheckpointName name)
    {
        string to = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(Path)!, $"{name}");
        Directory.Move(Path, to);
        return new(to, Path);
    }

    /// <summary>A directory that has moved.</summary>
    internal sealed class Move(string now, string before) : IDisposable
    {
        private bool _kept;

        /// <summary>Leaves it where it is.</summary>
        public void Keep()
        {
            DurableFile.FlushDirectory(System.IO.Path.GetDirectoryName(now)!);
            _kept = true;
        }

        /// <inheritdoc/>
        public void Dispose()
        {
            if (!_kept)
                Directory.Move(now, before);
        }
    }
}

using System.Globalization;
using System.Text.Json;
using Orleans.Tbptt.Training.Checkpoints;

namespace Orleans.Tbptt.Grains.Store;

/// <summary>
/// A generation that was taken, the file <c>generations/&lt;n&gt;</c>. Creating it fences every older coordinator off; after that it is
/// given its content, the checkpoints that exist, and what an older coordinator adds later does not count.
/// </summary>
/// <remarks>
/// In this order, so that no checkpoint which an older coordinator was still free to write, and to remove others for, is missing in it. A
/// file without content is that of a coordinator that has not done anything yet: nobody depends on what it would have seen.
/// </remarks>
/// <param name="Number">The generation.</param>
/// <param name="Checkpoints">The checkpoints that it saw; null when the file does not say.</param>
internal sealed record GenerationFile(int Number, IReadOnlySet<CheckpointName>? Checkpoints)
{
    /// <summary>So many files may be there before the old ones are removed.</summary>
    internal const int MostFiles = 16;

    /// <summary>The file that stands for the removed ones.</summary>
    private const string RemovedName = "removed";

    /// <summary>
    /// Whether the checkpoint existed when the generation began. A file that does not say, because it is empty or damaged, accepts all:
    /// any whole checkpoint is a state of the very same run, and to lose them all would be worse.
    /// </summary>
    public bool Saw(CheckpointName name) => Checkpoints?.Contains(name) ?? true;

    /// <summary>
    /// The content of a generation that has just been taken: the checkpoints that exist and that every generation between saw. So the
    /// newest generation alone says what counts, and older ones can be removed.
    /// </summary>
    /// <param name="checkpoints">The directory of checkpoints.</param>
    /// <param name="directory">The directory of generations.</param>
    public static string Content(string checkpoints, string directory)
    {
        CheckpointName[] names = [.. CheckpointName.In(checkpoints).Order()];
        var newer = names.Length == 0 ? [] : NewerThan(directory, names[0].Generation);
        return JsonSerializer.Serialize(
            new Document([.. names.Where(name => newer.All(one => one.Number <= name.Generation || one.Saw(name)))
                .Select(name => name.ToString())]),
            JsonSerializerOptions.Web);
    }

    /// <summary>The newest generation whose file was removed; all before it are, too. 0 for none.</summary>
    public static int Removed(string directory)
    {
        string path = Path.Combine(directory, RemovedName);
        try
        {
            return File.Exists(path)
                && int.TryParse(File.ReadAllText(path), NumberStyles.None, CultureInfo.InvariantCulture, out int removed) ? removed : 0;
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return 0; // Somebody removed it, and the directory is restored by the run's coordinator.
        }
    }

    /// <summary>
    /// Removes the files of generations that say nothing which a newer one does not say. First a file is written that stands for them:
    /// their coordinators, which look for the generation after theirs, must not take themselves for the newest again.
    /// </summary>
    /// <param name="directory">The directory of generations.</param>
    /// <param name="newest">The generation that was taken just now.</param>
    /// <param name="unfinished">What the names of its unfinished files end with.</param>
    /// <param name="inForce">Called before the file counts; throws where a newer coordinator has taken the run over.</param>
    public static void RemoveOld(string directory, int newest, string unfinished, Action inForce)
    {
        int[] taken = [.. Taken(directory).Where(one => one <= newest).Order()];
        if (taken.Length <= MostFiles)
            return;

        // One without content has seen nothing yet. One that lists checkpoints is the proof that there were some.
        var own = Read(directory, newest);
        if (own.Checkpoints is null)
            return;
        int kept = own.Checkpoints.Count > 0 ? newest
            : taken.LastOrDefault(one => Read(directory, one).Checkpoints is { Count: > 0 }, newest);
        if (kept == taken[0])
            return;
        DurableFile.WriteText(
            Path.Combine(directory, RemovedName), (kept - 1).ToString(CultureInfo.InvariantCulture), unfinished, inForce);
        foreach (int old in taken.Where(one => one < kept))
            File.Delete(Path.Combine(directory, $"{old}"));
    }

    /// <summary>
    /// Stands for all generations before one, whose files somebody removed: their coordinators must not take themselves for the newest.
    /// </summary>
    /// <param name="directory">The directory of generations.</param>
    /// <param name="newest">The generation that continues.</param>
    /// <param name="unfinished">What the names of its unfinished files end with.</param>
    /// <param name="inForce">Called before the file counts; throws where a newer coordinator has taken the run over.</param>
    public static void Restore(string directory, int newest, string unfinished, Action inForce)
    {
        if (Removed(directory) < newest - 1)
            DurableFile.WriteText(
                Path.Combine(directory, RemovedName), (newest - 1).ToString(CultureInfo.InvariantCulture), unfinished, inForce);
    }

    /// <summary>The generations taken, in no particular order.</summary>
    public static IEnumerable<int> Taken(string directory) =>
        Directory.EnumerateFiles(directory)
            .Select(path => int.TryParse(Path.GetFileName(path), NumberStyles.None, CultureInfo.InvariantCulture, out int taken) ? taken
                : 0)
            .Where(taken => taken > 0);

    /// <summary>The generations after one.</summary>
    public static IReadOnlyList<GenerationFile> NewerThan(string directory, int generation) =>
        Directory.Exists(directory) ? [.. Taken(directory).Where(taken => taken > generation).Select(taken => Read(directory, taken))] : [];

    private static GenerationFile Read(string directory, int number)
    {
        string text;
        try
        {
            text = File.ReadAllText(Path.Combine(directory, $"{number}"));
        }
        catch (FileNotFoundException)
        {
            return new(number, Checkpoints: null); // A newer generation has removed it, and says what it said.
        }

        try
        {
            if (text.Length == 0 || JsonSerializer.Deserialize<Document>(text, JsonSerializerOptions.Web)?.Checkpoints is not { } names)
                return new(number, Checkpoints: null);
            return new(number, names.Select(name => CheckpointName.TryParse(name, out var checkpoint) ? checkpoint : default).ToHashSet());
        }
        catch (JsonException)
        {
            return new(number, Checkpoints: null);
        }
    }

    private sealed record Document(IReadOnlyList<string> Checkpoints);
}

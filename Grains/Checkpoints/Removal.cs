using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Training.Checkpoints;

namespace Orleans.Tbptt.Grains.Checkpoints;

/// <summary>Removes checkpoints: first the name, then the files, so that what a killed process left of one is not taken for one.</summary>
internal static class Removal
{
    /// <summary>Removes checkpoints; those that somebody else is removing are left to them.</summary>
    public static void Of(string directory, IReadOnlyList<CheckpointName> names)
    {
        if (names.Count == 0)
            return;
        var nameless = new List<string>();
        foreach (var name in names)
        {
            string path = Path.Combine(directory, $".{name}.removed");
            Try(path);
            try
            {
                Directory.Move(Path.Combine(directory, name.ToString()), path);
                nameless.Add(path);
            }
            catch (DirectoryNotFoundException)
            {
            }
        }

        DurableFile.FlushDirectory(directory);
        nameless.ForEach(Try);
    }

    /// <summary>Removes what generations before one left without a name: half written or half removed.</summary>
    public static void Leftovers(string directory, int before)
    {
        if (!Directory.Exists(directory))
            return;
        foreach (string path in Directory.GetDirectories(directory))
        {
            string stem = Path.GetFileNameWithoutExtension(path);
            if (stem.StartsWith('.') && CheckpointName.TryParse(stem[1..], out var name) && name.Generation < before)
                Try(path);
        }
    }

    /// <summary>Removes a directory if that is possible: what stays has no name that means anything, and the next sweep finds it.</summary>
    public static void Try(string path)
    {
        try
        {
            if (Directory.Exists(path))
                Directory.Delete(path, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }
}

using System.Globalization;
using System.Text.Json;

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
    /// <summary>
    /// Whether the checkpoint existed when the generation began. A file that does not say, because it is empty or damaged, accepts all:
    /// any whole checkpoint is a state of the very same run, and to lose them all would be worse.
    /// </summary>
    public bool Saw(CheckpointName name) => Checkpoints?.Contains(name) ?? true;

    /// <summary>The content of a generation that has just been taken.</summary>
    /// <param name="checkpoints">The directory of checkpoints.</param>
    public static string Content(string checkpoints) =>
        JsonSerializer.Serialize(new Document([.. CheckpointName.In(checkpoints).Order().Select(name => name.ToString())]),
            JsonSerializerOptions.Web);

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
        string text = File.ReadAllText(Path.Combine(directory, $"{number}"));
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

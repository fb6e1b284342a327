using System.Globalization;

namespace Orleans.Tbptt.Training.Checkpoints;

/// <summary>
/// A checkpoint by the name of its directory, <c>generation-step</c>. The newest is that of the highest generation, then of the highest
/// step.
/// </summary>
/// <param name="Generation">
/// The generation that was in force when it was finished, from 1; 0 for a state of another run that the run was forked with.
/// </param>
/// <param name="Step">Its committed steps.</param>
public readonly record struct CheckpointName(int Generation, long Step) : IComparable<CheckpointName>
{
    /// <summary>Reads a name; only what <see cref="ToString"/> writes is one.</summary>
    public static bool TryParse(string text, out CheckpointName name)
    {
        name = default;
        string[] parts = text.Split('-');
        if (parts.Length != 2
            || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int generation)
            || !long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out long step))
        {
            return false;
        }

        name = new(generation, step);
        return name.ToString() == text;
    }

    /// <summary>The names of what lies in a directory of checkpoints, in no particular order; none when it is not there.</summary>
    public static IEnumerable<CheckpointName> In(string directory)
    {
        if (!Directory.Exists(directory))
            yield break;
        foreach (string path in Directory.EnumerateDirectories(directory))
        {
            if (TryParse(Path.GetFileName(path), out var name))
                yield return name;
        }
    }

    /// <inheritdoc/>
    public int CompareTo(CheckpointName other) => (Generation, Step).CompareTo((other.Generation, other.Step));

    /// <summary>Whether one is older than another.</summary>
    public static bool operator <(CheckpointName left, CheckpointName right) => left.CompareTo(right) < 0;

    /// <summary>Whether one is newer than another.</summary>
    public static bool operator >(CheckpointName left, CheckpointName right) => left.CompareTo(right) > 0;

    /// <summary>Whether one is older than another, or the same.</summary>
    public static bool operator <=(CheckpointName left, CheckpointName right) => left.CompareTo(right) <= 0;

    /// <summary>Whether one is newer than another, or the same.</summary>
    public static bool operator >=(CheckpointName left, CheckpointName right) => left.CompareTo(right) >= 0;

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Generation}-{Step}");
}

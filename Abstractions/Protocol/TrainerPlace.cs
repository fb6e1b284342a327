using System.Globalization;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Protocol;

/// <summary>
/// Which of its lives a trainer is in. A trainer that is placed elsewhere gets a new key with the next number, so that the one before it,
/// on a silo that hangs or is cut off, can neither be mistaken for it nor stand in its way.
/// </summary>
/// <param name="Run">The run.</param>
/// <param name="Number">How often it was placed elsewhere, from 0.</param>
public readonly record struct TrainerPlace(RunId Run, int Number)
{
    private const char Separator = '@';

    /// <summary>Reads the extension of a trainer's key.</summary>
    /// <exception cref="FormatException"><paramref name="key"/> is not one.</exception>
    public static TrainerPlace Parse(string key)
    {
        int at = key.IndexOf(Separator, StringComparison.Ordinal);
        return at < 0
            ? new(RunId.Parse(key), 0)
            : new(RunId.Parse(key[..at]), int.Parse(key.AsSpan(at + 1), NumberStyles.None, CultureInfo.InvariantCulture));
    }

    /// <summary>The extension of the trainer's key: no run's id has the separator.</summary>
    public override string ToString() => Number == 0 ? Run.Text
        : string.Create(CultureInfo.InvariantCulture, $"{Run.Text}{Separator}{Number}");
}

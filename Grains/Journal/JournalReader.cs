using Orleans.Tbptt.Protocol;

namespace Orleans.Tbptt.Grains.Journal;

/// <summary>
/// Reads a journal page by page, for any number of readers at once. It remembers where every thousandth line begins, so that to read a long
/// journal to its end takes time in proportion to its length, not to its square.
/// </summary>
/// <remarks>Lines stay where they are: a coordinator that takes a journal over copies it (<see cref="JournalFile.TakeOver"/>).</remarks>
/// <param name="path">The journal; it need not be there.</param>
internal sealed class JournalReader(string path)
{
    /// <summary>Lines from one place that is remembered to the next.</summary>
    internal const int Stride = 1_000;

    private readonly Lock _gate = new();
    private readonly List<long> _marks = [0];

    /// <summary>Events after a number.</summary>
    /// <param name="after">The number.</param>
    /// <param name="limit">How many at most.</param>
    /// <exception cref="IOException">The journal cannot be read.</exception>
    public EventPage Read(long after, int limit)
    {
        List<string> lines = [];
        if (File.Exists(path))
        {
            using var journal = JournalFile.Open(path);
            var (number, from) = Seek(journal, after);
            foreach (var line in JournalFile.Lines(journal, from))
            {
                if (number++ >= after)
                    lines.Add(line.Text);
                if (number % Stride == 0)
                    Mark(number / Stride, line.Next);
                if (lines.Count == limit)
                    break;
            }
        }

        return new(lines, after + lines.Count);
    }

    /// <summary>Goes to the nearest place before an event that is known.</summary>
    /// <returns>How many lines are before it, and where it is.</returns>
    private (long Number, long From) Seek(FileStream journal, long after)
    {
        lock (_gate)
        {
            int mark = (int)Math.Min(after / Stride, _marks.Count - 1);
            if (JournalFile.TrySeek(journal, _marks[mark]))
                return ((long)mark * Stride, _marks[mark]);

            // Somebody has shortened the journal, or put another one in its place.
            _marks.RemoveRange(1, _marks.Count - 1);
            journal.Position = 0;
            return (0, 0);
        }
    }

    private void Mark(long mark, long begin)
    {
        lock (_gate)
        {
            if (mark == _marks.Count)
                _marks.Add(begin);
        }
    }
}

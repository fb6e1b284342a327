using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Journals;

/// <summary>
/// Reads a run's journal: its events page by page, and its steps as ranges. Safe for several threads. It remembers where every thousandth
/// line begins, so that to read a long journal to its end takes time in proportion to its length, not to its square.
/// </summary>
/// <remarks>Lines stay where they are: a coordinator that takes a journal over copies it.</remarks>
public sealed class JournalReader
{
    /// <summary>Lines from one place that is remembered to the next.</summary>
    internal const int Stride = 1_000;

    private readonly string _path;
    private readonly double? _clipNorm;
    private readonly Lock _gate = new();
    private readonly Lock _rangeGate = new();
    private readonly List<long> _marks = [0];
    private readonly TailSteps _tail;

    /// <summary>Reads a journal.</summary>
    /// <param name="path">Its file, <see cref="RunDirectory.Metrics"/>; it need not exist.</param>
    /// <param name="clipNorm">
    /// The norm above which gradients are clipped, for <see cref="StepBucket.Clipped"/>; null where none are.
    /// </param>
    public JournalReader(string path, double? clipNorm = null)
    {
        (_path, _clipNorm) = (path, clipNorm);
        _tail = new(path, clipNorm);
    }

    /// <summary>Events after a number.</summary>
    /// <param name="after">The number.</param>
    /// <param name="limit">How many at most.</param>
    /// <exception cref="IOException">The journal cannot be read.</exception>
    public EventPage Read(long after, int limit)
    {
        List<string> lines = [];
        if (File.Exists(_path))
        {
            using var journal = JournalLines.Open(_path);
            var (number, from) = Seek(journal, after);
            foreach (var line in JournalLines.From(journal, from))
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

    /// <summary>The events after a number that are not steps, as lines; of steps there may be a billion.</summary>
    /// <param name="after">The number.</param>
    /// <returns>
    /// The lines, and the number of the last event, step or not, that was read; <paramref name="after"/> where there is none.
    /// </returns>
    /// <exception cref="IOException">The journal cannot be read.</exception>
    public EventPage ReadOthers(long after)
    {
        List<string> lines = [];
        while (Read(after, Stride) is { Lines.Count: > 0 } page)
        {
            lines.AddRange(page.Lines.Where(line => !RunJson.IsStep(line)));
            after = page.Last;
        }

        return new(lines, after);
    }

    /// <summary>All steps in one bucket; empty where there are none.</summary>
    /// <exception cref="IOException">The journal cannot be read.</exception>
    public StepBucket ReadTotal()
    {
        lock (_rangeGate)
        {
            var total = new StepBucket();
            foreach (var part in Parts())
                total.Add(part.Total);
            total.Elements = total[StepMetric.Weight].Sum;
            return total;
        }
    }

    /// <summary>The steps of a range as buckets of equal width, for a chart; of each figure minimum, maximum, mean and count.</summary>
    /// <remarks>
    /// A bucket reports which steps it holds: where many steps share a bucket, its bounds are those of the aggregates that the journal
    /// keeps. No step is in two buckets. A bucket without steps is left out.
    /// </remarks>
    /// <param name="from">The first step, from 1.</param>
    /// <param name="to">The last step.</param>
    /// <param name="points">How many buckets at most, at least 1.</param>
    /// <exception cref="IOException">The journal cannot be read.</exception>
    public IReadOnlyList<StepBucket> Range(long from, long to, int points)
    {
        lock (_rangeGate)
            return StepRanges.Of(Parts(), from, to, points, _clipNorm);
    }

    private IReadOnlyList<StepPart> Parts()
    {
        if (!File.Exists(_path))
            return [];
        using var journal = JournalLines.Open(_path);
        _tail.Read(journal, first: 1);
        return _tail.Parts;
    }

    /// <summary>Goes to the nearest place before an event that is known.</summary>
    /// <returns>How many lines are before it, and where it is.</returns>
    private (long Number, long From) Seek(FileStream journal, long after)
    {
        lock (_gate)
        {
            int mark = (int)Math.Min(after / Stride, _marks.Count - 1);
            if (JournalLines.TrySeek(journal, _marks[mark]))
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

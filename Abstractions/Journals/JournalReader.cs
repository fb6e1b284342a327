using System.Text;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Journals;

/// <summary>
/// Reads a run's journal: its events page by page, and its steps as ranges. Safe for several threads. It remembers where every thousandth
/// line begins, so that to read a long journal to its end takes time in proportion to its length, not to its square.
/// </summary>
/// <remarks>
/// The newest events are lines of the journal's file, its open end; older ones are in segments of 65,536 (docs/journal.md). A coordinator
/// that takes a journal over copies the file, and lines stay where they are.
/// </remarks>
public sealed class JournalReader
{
    /// <summary>Lines from one place that is remembered to the next.</summary>
    internal const int Stride = 1_000;

    /// <summary>The largest page that is worth reading at once.</summary>
    public const int Page = 10_000;

    private readonly string _path;
    private readonly double? _clipNorm;
    private readonly Lock _gate = new();
    private readonly Lock _rangeGate = new();
    private readonly List<long> _marks = [0];
    private readonly SegmentIndex _index;
    private readonly TailSteps _tail;
    private readonly HashSet<string> _problems = [];
    private long _marksFirst = 1;
    private (long Segment, WeakReference<SegmentLines> Lines)? _lines;

    /// <summary>Reads a journal.</summary>
    /// <param name="path">Its file, <see cref="RunDirectory.Metrics"/>; it need not exist.</param>
    /// <param name="clipNorm">
    /// The norm above which gradients are clipped, for <see cref="StepBucket.Clipped"/>; null where none are.
    /// </param>
    public JournalReader(string path, double? clipNorm = null) =>
        (_path, _clipNorm, _index, _tail) = (path, clipNorm, new(path), new(path, clipNorm));

    /// <summary>Segments that could not be read when ranges were, each with what was found and what to do.</summary>
    public IReadOnlyList<string> Problems
    {
        get
        {
            lock (_rangeGate)
                return [.. _index.Problems.Union(_problems)];
        }
    }

    /// <summary>Events after a number.</summary>
    /// <param name="after">The number.</param>
    /// <param name="limit">How many at most.</param>
    /// <exception cref="IOException">The journal cannot be read.</exception>
    public EventPage Read(long after, int limit)
    {
        // Opened before the segments are: what is not in it was in segments at that moment.
        using var tail = OpenTail();
        long first = SegmentFormat.FirstInTail(_path, tail);
        List<string> lines = [];
        while (after < first - lines.Count - 1 && lines.Count < limit)
        {
            long next = after + lines.Count + 1, segment = SegmentFormat.SegmentOf(next);
            try
            {
                lines.AddRange(LinesOf(segment).From((int)(next - SegmentFormat.FirstOf(segment)), limit - lines.Count));
            }
            catch (DamagedSegmentException damage)
            {
                return lines.Count > 0 ? new(lines, next - 1) { HasMore = true } : Lost(segment, damage);
            }
        }

        if (tail is not null && lines.Count < limit)
            ReadTail(tail, first, after + lines.Count, limit, lines);
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
        List<string> lines = [.. ReadClosedOthers(after, out long closed)];
        after = Math.Max(after, closed);
        while (Read(after, Page) is { Lines.Count: > 0 } read)
        {
            lines.AddRange(read.Lines.Where(line => !RunJson.IsStep(line)));
            after = read.Last;
        }

        return new(lines, after);
    }

    /// <summary>
    /// The events after a number that are not steps, of closed segments only: takes no longer for a long run than to read its index.
    /// </summary>
    /// <param name="after">The number.</param>
    /// <param name="closed">The number of the last event in closed segments.</param>
    /// <exception cref="IOException">The journal cannot be read.</exception>
    public IEnumerable<string> ReadClosedOthers(long after, out long closed)
    {
        lock (_rangeGate)
            closed = ReadIndex() - 1;
        return Others(after, SegmentFormat.SegmentOf(closed + 1));

        IEnumerable<string> Others(long after, long end)
        {
            long begin = SegmentFormat.SegmentOf(after + 1);
            for (long segment = begin; segment < end; segment++)
            {
                foreach (string line in OthersOf(segment))
                {
                    if (!RunJson.IsStep(line) && (segment > begin || !(JournalLines.Number(Encoding.UTF8.GetBytes(line)) <= after)))
                        yield return line;
                }
            }
        }
    }

    /// <summary>The number of the first event that is not in a closed segment.</summary>
    public long FirstOpen
    {
        get
        {
            using var tail = OpenTail();
            return SegmentFormat.FirstInTail(_path, tail);
        }
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
            return StepRanges.Of(Parts(), from, to, points, _clipNorm, damage => _problems.Add(damage.Message));
    }

    /// <summary>As <see cref="ReadTotal"/>, of the steps in closed segments only: without reading the open end.</summary>
    /// <exception cref="IOException">The journal cannot be read.</exception>
    public StepBucket ReadClosedTotal()
    {
        lock (_rangeGate)
        {
            ReadIndex();
            var total = new StepBucket();
            foreach (var part in _index.Parts)
                total.Add(part.Total);
            return total;
        }
    }

    /// <summary>As <see cref="Range"/>, of the steps in closed segments only: without reading the open end.</summary>
    /// <exception cref="IOException">The journal cannot be read.</exception>
    public IReadOnlyList<StepBucket> ClosedRange(long from, long to, int points)
    {
        lock (_rangeGate)
        {
            ReadIndex();
            return StepRanges.Of(_index.Parts, from, to, points, _clipNorm, damage => _problems.Add(damage.Message));
        }
    }

    private IEnumerable<StepPart> Parts()
    {
        using var tail = OpenTail();
        long first = SegmentFormat.FirstInTail(_path, tail);
        _index.Read(SegmentFormat.SegmentOf(first));
        if (tail is null)
            return _index.Parts;
        _tail.Read(tail, first);
        return _index.Parts.Concat(_tail.Parts);
    }

    private IReadOnlyList<string> OthersOf(long segment)
    {
        lock (_rangeGate)
        {
            try
            {
                return segment < _index.Parts.Count ? Encoding.UTF8.GetString(_index.Others(segment)).Split('\n')[..^1] : [];
            }
            catch (DamagedSegmentException damage)
            {
                return Lost(segment, damage).Lines;
            }
        }
    }

    private long ReadIndex()
    {
        using var tail = OpenTail();
        long first = SegmentFormat.FirstInTail(_path, tail);
        _index.Read(SegmentFormat.SegmentOf(first));
        return first;
    }

    private FileStream? OpenTail()
    {
        try
        {
            var tail = JournalLines.Open(_path);
            if (tail.CanSeek)
                return tail;
            tail.Dispose(); // A pipe in the journal's place holds no events.
            return null;
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private SegmentLines LinesOf(long segment)
    {
        lock (_gate)
        {
            if (_lines is { } kept && kept.Segment == segment && kept.Lines.TryGetTarget(out var known))
                return known;
        }

        using var file = SegmentFile.Open(_path, segment);
        var lines = file.Lines();
        lock (_gate)
            _lines = (segment, new(lines));
        return lines;
    }

    /// <summary>What is shown in the place of a segment's events.</summary>
    private static EventPage Lost(long segment, DamagedSegmentException damage)
    {
        long last = SegmentFormat.FirstOf(segment + 1) - 1;
        string message = $"events {SegmentFormat.FirstOf(segment)} to {last} are missing: {damage.Message}";
        return new([RunJson.Write(new RunWarning { Number = last, Message = message })], last) { HasMore = true };
    }

    private void ReadTail(FileStream tail, long first, long after, int limit, List<string> lines)
    {
        var (number, from) = Seek(tail, first, after);
        foreach (var line in JournalLines.From(tail, from))
        {
            if (number++ >= after)
                lines.Add(line.Text);
            if ((number - first + 1) % Stride == 0)
                Mark(first, (number - first + 1) / Stride, line.Next);
            if (lines.Count == limit)
                break;
        }
    }

    /// <summary>Goes to the nearest place before an event that is known.</summary>
    /// <returns>The number of the event before that place, and where it is.</returns>
    private (long Number, long From) Seek(FileStream tail, long first, long after)
    {
        lock (_gate)
        {
            int mark = (int)Math.Min((after - first + 1) / Stride, _marks.Count - 1);
            if (first == _marksFirst && JournalLines.TrySeek(tail, _marks[mark]))
                return (first - 1 + (long)mark * Stride, tail.Position = _marks[mark]);

            // Segments were closed, or somebody has shortened the journal, or put another one in its place.
            _marks.RemoveRange(1, _marks.Count - 1);
            _marksFirst = first;
            return (first - 1, tail.Position = 0);
        }
    }

    private void Mark(long first, long mark, long begin)
    {
        lock (_gate)
        {
            if (first == _marksFirst && mark == _marks.Count)
                _marks.Add(begin);
        }
    }
}

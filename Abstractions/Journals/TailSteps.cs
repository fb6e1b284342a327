using System.Text.Json;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Journals;

/// <summary>The steps of the open end of a journal, a file of lines that grows and may be replaced. Not safe for several threads.</summary>
/// <param name="path">The file; it need not exist.</param>
/// <param name="clipNorm">The norm above which a gradient is clipped; null where none is.</param>
internal sealed class TailSteps(string path, double? clipNorm)
{
    /// <summary>Lines of a part.</summary>
    private const int PartLines = 1 << 16;

    /// <summary>The newest parts keep their steps in memory; the others are read again when asked.</summary>
    private const int KeptTables = 2;

    private readonly List<Part> _parts = [];
    private long _first;
    private long _number;
    private long _next;

    /// <summary>The parts that were read so far.</summary>
    public IReadOnlyList<StepPart> Parts => _parts;

    /// <summary>Reads what was appended since the last call.</summary>
    /// <param name="tail">The file.</param>
    /// <param name="first">The number of its first line.</param>
    public void Read(FileStream tail, long first)
    {
        if (first != _first || !JournalLines.TrySeek(tail, _next))
        {
            _parts.Clear();
            (_first, _number, _next) = (first, first - 1, 0);
            tail.Position = 0;
        }

        foreach (var line in JournalLines.From(tail, _next))
        {
            if ((_number - _first + 1) % PartLines == 0)
                Open();
            _parts[^1].Add(line, ++_number);
            _next = line.Next;
        }
    }

    private void Open()
    {
        _parts.Add(new(path, _number, _next, clipNorm));
        if (_parts.Count > KeptTables)
            _parts[^(KeptTables + 1)].Drop();
    }

    private sealed class Part(string path, long before, long offset, double? clipNorm) : StepPart
    {
        private readonly List<StepBucket> _blocks = [];
        private StepTable? _table = new();
        private int _lines;

        public void Add(JournalLine line, long number)
        {
            _lines++;
            if (StepOf(line) is not { } step)
                return;
            step = step with { Number = number };
            if (Total.Count % BlockSteps == 0)
                _blocks.Add(new());
            _blocks[^1].Add(step, clipNorm);
            Total.Add(step, clipNorm);
            _table!.Add(step, number);
        }

        public void Drop() => _table = null;

        public override IReadOnlyList<StepBucket> Blocks() => _blocks;

        public override StepTable Steps()
        {
            if (_table is not null)
                return _table;
            var table = new StepTable();
            using var tail = JournalLines.Open(path);
            if (!JournalLines.TrySeek(tail, offset))
                return table; // The file was replaced: the next call reads the new one.
            long number = before;
            foreach (var line in JournalLines.From(tail, offset).Take(_lines))
            {
                number++;
                if (StepOf(line) is { } step)
                    table.Add(step, number);
            }

            return table;
        }

        private static StepCommitted? StepOf(JournalLine line)
        {
            if (!line.Bytes.Span.StartsWith(RunJson.StepStart))
                return null;
            try
            {
                return RunJson.ReadEvent(line.Bytes.Span) as StepCommitted;
            }
            catch (JsonException)
            {
                return null; // Damaged; who reads the events reports it.
            }
        }
    }
}

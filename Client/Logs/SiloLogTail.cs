using System.Globalization;

namespace Orleans.Tbptt.Client.Logs;

/// <summary>One entry of a silo's log: a line with a time, and the lines without one that follow it.</summary>
/// <param name="Silo">The silo's name.</param>
/// <param name="Time">The time that the log gives.</param>
/// <param name="Lines">The lines, without their ends.</param>
internal sealed record LogEntry(string Silo, DateTime Time, IReadOnlyList<string> Lines);

/// <summary>Reads the entries of one silo's growing log; each call returns the new ones.</summary>
/// <param name="silo">The silo's name.</param>
/// <param name="path">Its log.</param>
internal sealed class SiloLogTail(string silo, string path)
{
    private const string TimeFormat = "yyyy-MM-dd HH:mm:ss.fff";

    private readonly LineTail _lines = new(path);
    private DateTime _time;

    /// <summary>The entries written since the last call.</summary>
    public IEnumerable<LogEntry> Read()
    {
        // Continuation lines of an entry that was already returned keep its time.
        List<string> current = [];
        foreach (string line in _lines.Read())
        {
            if (TimeOf(line) is { } time)
            {
                if (current.Count > 0)
                    yield return new(silo, _time, current);
                (_time, current) = (time, []);
            }

            current.Add(line);
        }

        if (current.Count > 0)
            yield return new(silo, _time, current);
    }

    /// <summary>The entries of several logs in order of time; each log keeps its own order, even if its clock was set back.</summary>
    public static IEnumerable<LogEntry> Merge(IEnumerable<SiloLogTail> logs)
    {
        var readers = logs.Select(log => log.Read().GetEnumerator()).ToList();
        try
        {
            var next = new PriorityQueue<int, (DateTime, int)>();
            for (int log = 0; log < readers.Count; log++)
                Advance(log);
            while (next.TryDequeue(out int log, out _))
            {
                yield return readers[log].Current;
                Advance(log);
            }

            void Advance(int log)
            {
                if (readers[log].MoveNext())
                    next.Enqueue(log, (readers[log].Current.Time, log));
            }
        }
        finally
        {
            foreach (var reader in readers)
                reader.Dispose();
        }
    }

    private static DateTime? TimeOf(string line) => line.Length >= TimeFormat.Length && DateTime.TryParseExact(
        line.AsSpan(0, TimeFormat.Length), TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time) ? time : null;
}

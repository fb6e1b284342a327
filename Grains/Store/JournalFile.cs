using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Store;

/// <summary>Reads <c>metrics.jsonl</c>. A last line without its end, left by a killed process or a full disk, is no event.</summary>
internal static class JournalFile
{
    /// <summary>Events after a number.</summary>
    public static EventPage Read(string path, long after, int limit)
    {
        List<string> lines = [];
        if (File.Exists(path) && after <= int.MaxValue)
        {
            var all = EndsWithWholeLine(path) ? File.ReadLines(path) : File.ReadLines(path).SkipLast(1);
            lines.AddRange(all.Skip((int)after).Take(limit));
        }

        return new(lines, after + lines.Count);
    }

    /// <summary>Brings a status up to the last events that were written.</summary>
    public static RunStatus CatchUp(string path, RunStatus status)
    {
        if (!File.Exists(path))
            return status;
        var epochs = new List<EpochFinished>();
        string? lastStep = null;
        foreach (string line in EndsWithWholeLine(path) ? File.ReadLines(path) : File.ReadLines(path).SkipLast(1))
        {
            // Steps are many, and only the last one counts: the others are not worth parsing.
            if (line.StartsWith("{\"type\":\"step\"", StringComparison.Ordinal))
                lastStep = line;
            else if (RunJson.ReadEvent(line) is EpochFinished epoch)
                epochs.Add(epoch);
        }

        var step = lastStep is null ? null : (StepCommitted)RunJson.ReadEvent(lastStep);
        return status with
        {
            Step = step?.Step ?? status.Step,
            Epoch = step?.Epoch ?? status.Epoch,
            EpochStep = step is null ? status.EpochStep : step.Step - (epochs.LastOrDefault(epoch => epoch.Epoch < step.Epoch)?.Step ?? 0),
            Loss = step?.Loss ?? status.Loss,
            EpochLosses = [.. epochs.Select(epoch => epoch.Loss)],
            ValidationLosses = [.. epochs.Select(epoch => epoch.ValidationLoss).OfType<double>()],
            Metrics = epochs.LastOrDefault()?.Metrics ?? status.Metrics,
        };
    }

    /// <summary>Goes to the end of the last whole line and cuts off what follows.</summary>
    /// <returns>How many lines there are.</returns>
    public static long CutTornLine(FileStream stream)
    {
        long lines = 0, end = 0;
        byte[] buffer = new byte[1 << 16];
        for (int read; (read = stream.Read(buffer)) > 0;)
        {
            for (int i = 0; i < read; i++)
            {
                if (buffer[i] == '\n')
                    (lines, end) = (lines + 1, stream.Position - read + i + 1);
            }
        }

        stream.SetLength(end);
        stream.Position = end;
        return lines;
    }

    private static bool EndsWithWholeLine(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        if (stream.Length == 0)
            return true;
        stream.Seek(-1, SeekOrigin.End);
        return stream.ReadByte() == '\n';
    }
}

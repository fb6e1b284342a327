using System.Diagnostics;
using Orleans.Tbptt.Journals;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Benchmarks.Journals;

/// <summary>A synthetic run of very many steps: its figures are noise that no compression shortens, as real ones are.</summary>
internal static class LongJournal
{
    private const int StepsPerEpoch = 100_000;
    private const int Points = 1_024;
    private static readonly DateTimeOffset Start = new(2026, 3, 14, 12, 0, 0, TimeSpan.Zero);

    /// <summary>Writes the journal, closed but for its last events.</summary>
    public static void Write(string directory, long steps)
    {
        string journal = Path.Combine(directory, "metrics.jsonl");
        Directory.CreateDirectory(SegmentFormat.Directory(journal));
        // Of each epoch one event is its end.
        long events = steps + steps / StepsPerEpoch;
        long segments = events / SegmentFormat.Events;
        byte[][] index = new byte[segments][];
        long begin = Stopwatch.GetTimestamp(), bytes = 0;
        Parallel.For(0, segments, new() { MaxDegreeOfParallelism = Environment.ProcessorCount }, segment =>
        {
            var builder = new SegmentBuilder(segment, clipNorm: 1);
            while (!builder.IsFull)
            {
                var one = Event(builder.Next);
                builder.Add(one, one is StepCommitted ? "" : RunJson.Write(one));
            }

            byte[] file = builder.Write();
            File.WriteAllBytes(SegmentFormat.File(journal, segment), file);
            index[segment] = builder.WriteIndex();
            Interlocked.Add(ref bytes, file.Length + index[segment].Length);
        });
        using (var file = File.Create(SegmentFormat.Index(journal)))
        {
            foreach (byte[] lines in index)
                file.Write(lines);
        }

        File.WriteAllLines(journal, Enumerable.Range(0, (int)(events - segments * SegmentFormat.Events))
            .Select(i => RunJson.Write(Event(SegmentFormat.FirstOf(segments) + i))));
        Console.WriteLine($"{segments:N0} segments, {(double)bytes / (segments * SegmentFormat.Events):F2} bytes an event, "
            + $"in {Stopwatch.GetElapsedTime(begin).TotalSeconds:F0} s");
    }

    /// <summary>Opens the charts of a run as a page does, then zooms.</summary>
    public static void Open(string directory)
    {
        GC.Collect();
        long before = Environment.WorkingSet;
        var reader = new JournalReader(Path.Combine(directory, "metrics.jsonl"), clipNorm: 1);
        var total = new StepBucket();
        Time("index and all steps", () => total = reader.ReadTotal());
        Console.WriteLine($"{total.Count:N0} steps, loss {total.Low:G4} to {total.High:G4}");
        int others = 0;
        Time("events that are not steps", () => others = reader.ReadClosedOthers(0, out _).Count());
        Console.WriteLine($"{others:N0} events that are not steps");
        for (long width = total.Count; width > 100; width /= 8)
        {
            long from = Math.Max(1, total.Step / 3 - width / 2);
            int points = 0;
            Time($"{Points:N0} points of {width:N0} steps", () => points = reader.Range(from, from + width - 1, Points).Count);
        }

        void Time(string what, Action measured)
        {
            long begin = Stopwatch.GetTimestamp();
            measured();
            double took = Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
            Console.WriteLine($"{what,-40}{took,8:F0} ms, {(Environment.WorkingSet - before) / 1e6,6:F0} MB more resident");
        }
    }

    /// <summary>An event of the run, a function of its number.</summary>
    private static RunEvent Event(long number)
    {
        long epoch = (number - 1) / (StepsPerEpoch + 1), step = number - epoch;
        var time = Start.AddTicks(1_450 * number + (long)(Noise(number, 4) * 400));
        if (number % (StepsPerEpoch + 1) == 0)
            return new EpochFinished { Number = number, Time = time, Epoch = (int)epoch + 1, Step = step - 1, Loss = 0.5, Seconds = 14 };
        return new StepCommitted
        {
            Number = number,
            Generation = 1,
            Time = time,
            Step = step,
            Epoch = (int)epoch + 1,
            Loss = 0.1 + Noise(number, 1) + 1e6 / (1e6 + step),
            GradientNorm = 0.5 + Noise(number, 2),
            LearningRate = 1e-3,
            Weight = 500,
            Seconds = TimeSpan.FromTicks(1_300 + (long)(Noise(number, 3) * 400)).TotalSeconds,
        };
    }

    /// <summary>0 to 1, all 53 bits of it.</summary>
    private static double Noise(long number, ulong stream)
    {
        ulong bits = unchecked(((ulong)number * 0x9E3779B97F4A7C15) ^ (stream * 0xD1B54A32D192ED03));
        bits = unchecked((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9);
        bits = unchecked((bits ^ (bits >> 27)) * 0x94D049BB133111EB);
        return ((bits ^ (bits >> 31)) >> 11) * (1.0 / (1UL << 53));
    }
}

using System.IO.Hashing;
using Orleans.Tbptt.Journals;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Tests.Abstractions.Journals;

/// <summary>Events of every form that a journal may hold.</summary>
internal static class SegmentSample
{
    private static readonly DateTimeOffset Start = new(2026, 3, 14, 12, 0, 0, TimeSpan.Zero);

    /// <summary>The lines of events by their numbers.</summary>
    public static IEnumerable<string> Lines(long from, int count) =>
        Enumerable.Range(0, count).Select(i => Line(from + i));

    /// <summary>The line of an event.</summary>
    public static string Line(long number) => (number % 1_000) switch
    {
        1 => RunJson.Write(new RunWarning { Number = number, Time = Start, Message = "fünf\nlines \u2028 of \"text\"" }),
        2 => $"{{\"type\":\"rewind\",\"number\":{number},\"step\":4}}",
        3 => "{\"type\":\"step\",\"number\":12", // Damaged.
        4 => RunJson.Write(Step(number)).Replace("\"epoch\":1,", "\"epoch\": 1,", StringComparison.Ordinal),
        5 => RunJson.Write(Step(number) with { Time = Start.ToOffset(TimeSpan.FromHours(2)) }),
        _ => RunJson.Write(Step(number)),
    };

    /// <summary>A step, with figures that are hard to write.</summary>
    public static StepCommitted Step(long number) => new()
    {
        Number = number, Generation = (int)(1 + number / 30_000), Time = Start.AddTicks(number * 1_433 + number % 7), Step = number,
        Epoch = 1,
        Loss = (number % 1_000) switch
        {
            10 => double.NaN, 11 => double.PositiveInfinity, 12 => -0.0, 13 => double.Epsilon, 14 => 1e300, _ => Noise(number),
        },
        GradientNorm = number % 500 == 20 ? double.NegativeInfinity : 1 / Noise(number + 1),
        DifferenceNorm = number % 7 == 0 ? Noise(number + 2) : null,
        LearningRate = 1e-3 * Math.Cos(number / 1e6), Weight = number % 10 == 0 ? 37 : 500,
        Seconds = number % 3 == 0 ? 1 / 3.0 : TimeSpan.FromTicks(1_300 + number % 50).TotalSeconds,
        StateHash = number % 5 < 2 ? null : new(XxHash3.HashToUInt64(BitConverter.GetBytes(number))),
    };

    /// <summary>A full segment.</summary>
    public static SegmentBuilder Segment(long segment, Func<long, string> line)
    {
        var builder = new SegmentBuilder(segment, clipNorm: 1.5);
        while (!builder.IsFull)
            builder.Add(line(builder.Next));
        return builder;
    }

    /// <summary>Writes a closed segment, without an index.</summary>
    public static void Write(string journal, SegmentBuilder segment)
    {
        Directory.CreateDirectory(SegmentFormat.Directory(journal));
        File.WriteAllBytes(SegmentFormat.File(journal, segment.Segment), segment.Write());
    }

    /// <summary>All lines of a journal, page by page.</summary>
    public static List<string> Read(JournalReader reader, int size = JournalReader.Page)
    {
        List<string> all = [];
        for (var page = reader.Read(0, size); page.Lines.Count > 0; page = reader.Read(page.Last, size))
        {
            all.AddRange(page.Lines);
            Assert.Equal(all.Count, page.Last);
        }

        return all;
    }

    private static double Noise(long number) => 1 + Math.Abs(Math.Sin(number) * 43_758.5453 % 1);
}

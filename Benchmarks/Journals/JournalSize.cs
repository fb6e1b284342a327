using System.Diagnostics;
using System.Text;
using Orleans.Tbptt.Journals;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Benchmarks.Journals;

/// <summary>How many bytes a step takes in a closed segment, by column, from real losses and gradient norms.</summary>
internal static class JournalSize
{
    /// <summary>Prints a table for each journal.</summary>
    public static void Run(IEnumerable<string> journals)
    {
        foreach (string journal in journals)
        {
            var lines = Lines(journal).Take(SegmentFormat.Events).ToList();
            var events = lines.Select(RunJson.ReadEvent).ToList();
            Close(events, lines); // Compiles what is measured.
            long begin = Stopwatch.GetTimestamp();
            byte[] bytes = Close(events, lines);
            var took = Stopwatch.GetElapsedTime(begin);
            int steps = events.OfType<StepCommitted>().Count();
            Console.WriteLine($"{journal}: {events.Count:N0} events, {steps:N0} of them steps");
            Console.WriteLine($"  as lines  {lines.Sum(line => Encoding.UTF8.GetByteCount(line) + 1.0) / steps,8:F2} bytes a step");
            Console.WriteLine($"  closed    {(double)bytes.Length / steps,8:F2} bytes a step, in {took.TotalMilliseconds:F0} ms");
            string directory = Directory.CreateTempSubdirectory("journal-size").FullName;
            try
            {
                string copy = Path.Combine(directory, "metrics.jsonl");
                Directory.CreateDirectory(SegmentFormat.Directory(copy));
                File.WriteAllBytes(SegmentFormat.File(copy, 0), bytes);
                using var file = SegmentFile.Open(copy, 0);
                double header = bytes.Length - file.Header.Sections.Sum(section => (double)section.Length);
                foreach (var section in file.Header.Sections)
                {
                    double length = (double)section.Length / steps;
                    Console.WriteLine($"  {section.Name,-16}{length,8:F3}   order {section.Order}, planes {Planes(section)}");
                }

                Console.WriteLine($"  {"header",-16}{header / steps,8:F3}");
            }
            finally
            {
                Directory.Delete(directory, recursive: true);
            }
        }
    }

    private static string Planes(SegmentSection section) => string.Join(" ", section.Planes ?? []);

    private static byte[] Close(List<RunEvent> events, List<string> lines)
    {
        var builder = new SegmentBuilder(0, clipNorm: 1);
        for (int i = 0; i < events.Count; i++)
            builder.Add(events[i], lines[i]);
        return builder.Write();
    }

    private static IEnumerable<string> Lines(string journal)
    {
        var reader = new JournalReader(journal);
        for (var page = reader.Read(0, JournalReader.Page); page.Lines.Count > 0; page = reader.Read(page.Last, JournalReader.Page))
        {
            foreach (string line in page.Lines)
                yield return line;
        }
    }
}

using System.Globalization;
using Orleans.Tbptt.Benchmarks.Processes;

namespace Orleans.Tbptt.Benchmarks.Soak;

/// <summary>What silo and console held at a moment of a soak.</summary>
/// <param name="Minutes">Since its beginning.</param>
/// <param name="Silo">The silo.</param>
/// <param name="Console">The console.</param>
/// <param name="Heap">The silo's managed heap after its last collection, in MB.</param>
/// <param name="Steps">Steps committed so far.</param>
internal sealed record SoakSample(double Minutes, ProcessSample Silo, ProcessSample Console, double Heap, double Steps)
{
    /// <summary>Writes samples as a table.</summary>
    public static void Write(string csv, IReadOnlyList<SoakSample> samples) => File.WriteAllLines(csv,
    [
        "minutes,silo MB,silo heap MB,silo threads,silo handles,console MB,console threads,console handles,steps",
        .. samples.Select(one => string.Create(CultureInfo.InvariantCulture,
            $"{one.Minutes:f2},{one.Silo.Megabytes:f1},{one.Heap:f2},{one.Silo.Threads},{one.Silo.Handles},"
            + $"{one.Console.Megabytes:f1},{one.Console.Threads},{one.Console.Handles},{one.Steps:f0}")),
    ]);
}

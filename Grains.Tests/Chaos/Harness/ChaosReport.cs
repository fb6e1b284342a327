using System.Collections.Concurrent;
using System.Text.Encodings.Web;
using System.Text.Json;
using Orleans.Tbptt.Tests.Support;

[assembly: AssemblyFixture(typeof(Orleans.Tbptt.Tests.Chaos.Harness.ChaosReport))]

namespace Orleans.Tbptt.Tests.Chaos.Harness;

/// <summary>A line of the report: what a fault cost.</summary>
/// <param name="Fault">What was done, in words.</param>
/// <param name="Seconds">From the fault to the next committed step; null when the run did not continue.</param>
/// <param name="StepsRepeated">Steps that were computed again.</param>
/// <param name="DetectionSeconds">From the fault to the first silo that took the struck one for dead; null where none had to.</param>
public sealed record ChaosRow(string Fault, double? Seconds, long StepsRepeated, double? DetectionSeconds);

/// <summary>
/// Collects what the faults of a test run cost, and at its end writes <c>artifacts/chaos/report.json</c> and prints a table.
/// </summary>
public sealed class ChaosReport : IDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly ConcurrentQueue<ChaosRow> _rows = [];

    /// <summary>Where reports and the logs of failed tests go.</summary>
    public static string Folder { get; } = SourceTree.Of("artifacts", "chaos");

    /// <summary>Adds a line.</summary>
    public void Add(ChaosRow row)
    {
        _rows.Enqueue(row);
        TestContext.Current.TestOutputHelper?.WriteLine(Line(row));
    }

    /// <summary>Writes and prints what there is.</summary>
    public void Dispose()
    {
        if (_rows.IsEmpty)
            return;
        Directory.CreateDirectory(Folder);
        File.WriteAllText(Path.Combine(Folder, "report.json"), JsonSerializer.Serialize(_rows, Json));
        Console.WriteLine("| fault | seconds to the next new step | noticed after, s | steps repeated |");
        Console.WriteLine("| --- | --- | --- | --- |");
        foreach (var row in _rows)
            Console.WriteLine(Line(row));
    }

    private static string Line(ChaosRow row) =>
        $"| {row.Fault} | {Number(row.Seconds)} | {Number(row.DetectionSeconds)} | {row.StepsRepeated} |";

    private static string Number(double? seconds) => seconds is { } known ? $"{known:0.00}" : "–";
}

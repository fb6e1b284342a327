using System.Diagnostics;
using System.Text.Json;
using Orleans.Tbptt.Journals;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Abstractions.Journals;

[Slow]
public sealed class PythonReaderTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Journal => _directory.File("metrics.jsonl");

    [Fact]
    public void PythonReader_OfTheDocumentation_ReadsTheSameNumbers()
    {
        string script = _directory.File("read_journal.py");
        string page = File.ReadAllText(Path.Combine(SourceTree.Root, "docs", "journal.md"));
        File.WriteAllText(script, page.Split("```python\n")[1].Split("```")[0]);
        SegmentSample.Write(Journal, SegmentSample.Segment(0, SegmentSample.Line));
        File.WriteAllLines(Journal, SegmentSample.Lines(SegmentFormat.Events + 1, 10));
        var start = new ProcessStartInfo("python3", [script, _directory.Path]) { RedirectStandardOutput = true };
        Assert.SkipUnless(HasPython(), "no python3");

        using var python = Process.Start(start)!;
        string output = python.StandardOutput.ReadToEnd();
        python.WaitForExit();

        Assert.Equal(0, python.ExitCode);
        string[] lines = output.TrimEnd('\n').Split('\n');
        string[] expected = [.. SegmentSample.Lines(1, SegmentFormat.Events + 10)];
        Assert.Equal(expected.Length, lines.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            if (RunJson.ReadEventOrNull(expected[i]) is not StepCommitted step)
            {
                Assert.Equal(expected[i], lines[i]);
                continue;
            }

            using var read = JsonDocument.Parse(lines[i]);
            Assert.Equal((step.Number, step.Step), (read.RootElement.GetProperty("number").GetInt64(),
                read.RootElement.GetProperty("step").GetInt64()));
            foreach (var (name, value) in (IEnumerable<(string, double)>)[("loss", step.Loss), ("gradientNorm", step.GradientNorm),
                ("learningRate", step.LearningRate), ("weight", step.Weight), ("seconds", step.Seconds)])
            {
                var number = read.RootElement.GetProperty(name);
                Assert.Equal(value, number.ValueKind == JsonValueKind.Null ? double.NaN : number.GetDouble());
            }

            Assert.Equal(step.DifferenceNorm, read.RootElement.TryGetProperty("differenceNorm", out var norm) ? norm.GetDouble() : null);
            Assert.Equal(
                step.StateHash?.ToString(), read.RootElement.TryGetProperty("stateHash", out var hash) ? hash.GetString() : null);
            Assert.Equal(step.Time, read.RootElement.GetProperty("time").GetDateTimeOffset());
        }
    }

    public void Dispose() => _directory.Dispose();

    private static bool HasPython() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Any(directory => File.Exists(Path.Combine(directory, "python3")));
}

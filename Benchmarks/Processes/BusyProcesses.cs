using System.Diagnostics;

namespace Orleans.Tbptt.Benchmarks.Processes;

/// <summary>Processes that do nothing but use the processor.</summary>
internal sealed class BusyProcesses : IDisposable
{
    private readonly List<Process> _processes;

    /// <summary>Starts them.</summary>
    public BusyProcesses(int count) =>
        _processes = [.. Enumerable.Range(0, count).Select(_ => Process.Start("sh", ["-c", "while :; do :; done"]))];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var process in _processes)
        {
            process.Kill();
            process.WaitForExit();
            process.Dispose();
        }
    }
}

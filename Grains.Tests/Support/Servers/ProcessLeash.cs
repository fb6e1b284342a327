using System.Diagnostics;

namespace Orleans.Tbptt.Tests.Support.Servers;

/// <summary>
/// Ends a process, with every process that it started, when the time of the test that began it is over or the test program ends, whatever
/// the test still waits for.
/// </summary>
/// <remarks>
/// A test whose time is over may be disposed of while it starts a further process: that one ends as soon as it is here. Disposed of before
/// the process is.
/// </remarks>
internal sealed class ProcessLeash : IDisposable
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenRegistration _timeOver;
    private Process? _process;

    /// <summary>Watches a process that has started.</summary>
    /// <param name="process">The process.</param>
    public ProcessLeash(Process process)
        : this(process, TestContext.Current.CancellationToken)
    {
    }

    /// <summary>Watches a process that has started.</summary>
    /// <param name="process">The process.</param>
    /// <param name="test">Canceled when the time of the test is over.</param>
    internal ProcessLeash(Process process, CancellationToken test)
    {
        _process = process;
        AppDomain.CurrentDomain.ProcessExit += EndWithTheTests;
        _timeOver = test.Register(End);
    }

    /// <summary>Whether the process lived when the time was over.</summary>
    public bool HasEndedIt { get; private set; }

    public void Dispose()
    {
        _timeOver.Dispose();
        AppDomain.CurrentDomain.ProcessExit -= EndWithTheTests;
        lock (_gate)
            _process = null;
    }

    private void EndWithTheTests(object? sender, EventArgs arguments) => End();

    private void End()
    {
        lock (_gate)
        {
            if (_process is not { HasExited: false } process)
                return;
            HasEndedIt = true;
            process.Kill(entireProcessTree: true);
        }
    }
}

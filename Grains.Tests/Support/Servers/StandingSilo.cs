using System.Diagnostics;
using System.Runtime.InteropServices;
using Orleans.Tbptt.Client.Cluster;

namespace Orleans.Tbptt.Tests.Support.Servers;

/// <summary>A silo in a separate process, as a service manager runs it; killed with the test, or when its time is over.</summary>
internal sealed class StandingSilo : IDisposable
{
    /// <summary>SIGTERM.</summary>
    public const int Terminate = 15;

    /// <summary>SIGSTOP.</summary>
    public const int Stop = 19;

    /// <summary>SIGCONT.</summary>
    public const int Continue = 18;

    private const string LastLine = "tls ";

    private readonly Process _process;
    private readonly ProcessLeash _leash;
    private readonly List<string> _lines = [];
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task<string> _error;

    private StandingSilo(Process process)
    {
        (_process, _leash) = (process, new(process));
        _process.OutputDataReceived += (_, line) => Hear(line.Data);
        _process.BeginOutputReadLine();
        _error = _process.StandardError.ReadToEndAsync();
    }

    /// <summary>The process.</summary>
    public int Pid => _process.Id;

    /// <summary>What the silo has printed so far: its announcement and its log.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines)
                return [.. _lines];
        }
    }

    /// <summary>Starts a silo; does not wait for it.</summary>
    /// <param name="arguments">Its command line.</param>
    /// <param name="environment">Environment variables that it has in addition to this process's.</param>
    public static StandingSilo Start(IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = SiloProgram.Find(AppContext.BaseDirectory).StartInfo(arguments);
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        return new(Process.Start(start)!);
    }

    /// <summary>Waits until the silo is part of its cluster; fails the test when it ends instead.</summary>
    public async Task<StandingSilo> ReadyAsync(CancellationToken cancellation)
    {
        var ended = _process.WaitForExitAsync(cancellation);
        if (await Task.WhenAny(_ready.Task, ended) == ended)
        {
            await ended;
            Assert.Fail($"the silo ended with exit code {_process.ExitCode}: {await _error} {string.Join('\n', Lines)}");
        }

        return this;
    }

    /// <summary>Waits for the end; gives the exit code and standard error.</summary>
    public async Task<(int ExitCode, string Error)> EndAsync(CancellationToken cancellation)
    {
        await _process.WaitForExitAsync(cancellation);
        return (_process.ExitCode, (await _error).TrimEnd());
    }

    /// <summary>What follows a name in the announcement.</summary>
    public string Announced(string name) => Lines.First(line => line.StartsWith(name + " ", StringComparison.Ordinal))[name.Length..]
        .Trim();

    /// <summary>Whether the process has not ended.</summary>
    public bool IsAlive => !_process.HasExited;

    /// <summary>Whether the process lived until the time of its test was over.</summary>
    public bool EndedWithItsTest => _leash.HasEndedIt;

    /// <summary>Ends the process at once (SIGKILL).</summary>
    public void Kill() => _process.Kill();

    /// <summary>Sends the process a signal.</summary>
    public void Signal(int signal) => Assert.Equal(0, KillProcess(Pid, signal));

    public void Dispose()
    {
        _leash.Dispose();
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private void Hear(string? line)
    {
        if (line is null)
            return;
        lock (_lines)
            _lines.Add(line);
        if (line.StartsWith(LastLine, StringComparison.Ordinal))
            _ready.TrySetResult();
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static extern int KillProcess(int process, int signal);
}

using System.Diagnostics;

namespace Orleans.Tbptt.Tests.Support.Servers;

/// <summary>A server in a separate process, killed with the test. What it says is kept for messages.</summary>
internal sealed class ServerProcess : IDisposable
{
    private readonly Process _process;
    private readonly ProcessLeash _leash;
    private readonly List<string> _said = [];
    private readonly TaskCompletionSource<bool> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ServerProcess(ProcessStartInfo start, string readyWhen)
    {
        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, line) => Hear(line.Data, readyWhen);
        _process.ErrorDataReceived += (_, line) => Hear(line.Data, readyWhen);
        _process.Exited += (_, _) => _ready.TrySetResult(false);
        _process.Start();
        _leash = new(_process);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>The process.</summary>
    public int Pid => _process.Id;

    /// <summary>What the server has said so far.</summary>
    public string Said
    {
        get
        {
            lock (_said)
                return string.Join('\n', _said);
        }
    }

    /// <summary>Starts a program; null when it ends before it says that it is ready.</summary>
    /// <param name="program">The program's path.</param>
    /// <param name="arguments">Its command line.</param>
    /// <param name="readyWhen">Part of the line that says it is ready.</param>
    /// <param name="cancellation">Gives up; the process is killed.</param>
    public static async Task<ServerProcess?> StartAsync(
        string program, IEnumerable<string> arguments, string readyWhen, CancellationToken cancellation)
    {
        var server = new ServerProcess(
            new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" }, readyWhen);
        try
        {
            if (await server._ready.Task.WaitAsync(TimeSpan.FromSeconds(30), cancellation))
                return server;
        }
        catch
        {
            server.Dispose();
            throw;
        }

        server.Dispose();
        return null;
    }

    /// <summary>
    /// Ends the process at once (SIGKILL), with every process it started, and waits until it is gone; does nothing when it is.
    /// </summary>
    public void Kill()
    {
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
    }

    public void Dispose()
    {
        _leash.Dispose();
        Kill();
        _process.Dispose();
    }

    private void Hear(string? line, string readyWhen)
    {
        if (line is null)
            return;
        lock (_said)
            _said.Add(line);
        if (line.Contains(readyWhen, StringComparison.Ordinal))
            _ready.TrySetResult(true);
    }
}

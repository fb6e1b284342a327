using System.Diagnostics;
using System.Net;
using Orleans.Tbptt.Cluster.Local;

namespace Orleans.Tbptt.Benchmarks.Processes;

/// <summary>A silo in a process of its own. It ends with this program, whose end closes its standard input.</summary>
internal sealed class SiloProcess : IDisposable
{
    private readonly Process _process;

    private SiloProcess(Process process, string name, ReadyLine ready)
    {
        (_process, Name) = (process, name);
        Gateway = IPEndPoint.Parse(ready.Gateway!);
        Silo = IPEndPoint.Parse(ready.Silo!);
        Page = ready.Page is { } page ? new(page) : null;
    }

    /// <summary>Its name, which is that of its log.</summary>
    public string Name { get; }

    /// <summary>Its process.</summary>
    public int Pid => _process.Id;

    /// <summary>The address for clients.</summary>
    public IPEndPoint Gateway { get; }

    /// <summary>The address for silos.</summary>
    public IPEndPoint Silo { get; }

    /// <summary>Its web page; null where it serves none.</summary>
    public Uri? Page { get; }

    /// <summary>How its process ended; null while it lives.</summary>
    public int? ExitCode => _process.HasExited ? _process.ExitCode : null;

    /// <summary>Starts a silo of this build; returns when it has joined its cluster.</summary>
    /// <exception cref="InvalidOperationException">It did not start.</exception>
    public static async Task<SiloProcess> StartAsync(string name, IEnumerable<string> arguments, CancellationToken cancellation)
    {
        string program = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "Silo", "release", "tbptt-silo.dll"));
        var process = Process.Start(new ProcessStartInfo("dotnet", [program, "--local", "--name", name, .. arguments])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true,
        })!;
        string? line = await process.StandardOutput.ReadLineAsync(cancellation);
        return line is not null && ReadyLine.Parse(line) is { Ready: true } ready ? new(process, name, ready)
            : throw new InvalidOperationException($"{name} did not start: {line ?? "its process ended"}");
    }

    /// <summary>SIGKILL.</summary>
    public void Kill() => _process.Kill();

    /// <summary>Returns when its process has ended.</summary>
    public Task WaitAsync(CancellationToken cancellation) => _process.WaitForExitAsync(cancellation);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}

using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Orleans.Tbptt.Tests.Support.Servers;

namespace Orleans.Tbptt.Tests.Chaos.Harness;

/// <summary>A silo in a separate process, to be killed, frozen and asked to end.</summary>
internal sealed class ChaosSilo : IDisposable
{
    private readonly Process _process;
    private readonly ProcessLeash _leash;
    private readonly ConcurrentQueue<string> _errors = new();

    private ChaosSilo(string name, string log, Process process)
    {
        (Name, LogFile, _process, _leash, Pid) = (name, log, process, new(process), process.Id);
        _process.ErrorDataReceived += (_, said) => _errors.Enqueue(said.Data ?? "");
        _process.BeginErrorReadLine();
        Exited = _process.WaitForExitAsync();
    }

    /// <summary>Its name; a silo that takes the place of a dead one has another.</summary>
    public string Name { get; }

    /// <summary>Its process.</summary>
    public int Pid { get; }

    /// <summary>The file it logs to.</summary>
    public string LogFile { get; }

    /// <summary>The address that silos reach it at.</summary>
    public IPEndPoint Address { get; private set; } = null!;

    /// <summary>The address that clients reach it at.</summary>
    public IPEndPoint Gateway { get; private set; } = null!;

    /// <summary>Its web page; null where it serves none.</summary>
    public Uri? Page { get; private set; }

    /// <summary>Completes when the process has ended.</summary>
    public Task Exited { get; }

    /// <summary>Whether the process exists, frozen or not.</summary>
    public bool IsAlive => !Exited.IsCompleted;

    /// <summary>Whether nobody gets an answer from it: it is frozen, or cut off.</summary>
    public bool IsSilent { get; set; }

    /// <summary>How the process ended; 128 + n for signal n.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>What it said on its standard error.</summary>
    public string Errors => string.Join('\n', _errors);

    /// <summary>
    /// Starts a silo in the mode that prints one line of JSON when it is part of its cluster, and that ends with this process.
    /// </summary>
    public static async Task<ChaosSilo> StartAsync(string name, ProcessStartInfo start, string log, CancellationToken cancellation)
    {
        var silo = new ChaosSilo(name, log, Process.Start(start)
            ?? throw new InvalidOperationException($"{start.FileName} was not started"));
        try
        {
            await silo.ReadReadyAsync(cancellation);
            return silo;
        }
        catch
        {
            silo.Dispose();
            throw;
        }
    }

    /// <summary>SIGKILL.</summary>
    public void Kill() => Signals.Send(Pid, Signal.Kill);

    /// <summary>SIGSTOP.</summary>
    public void Freeze()
    {
        IsSilent = true;
        Signals.Send(Pid, Signal.Stop);
    }

    /// <summary>SIGCONT.</summary>
    public void Thaw()
    {
        IsSilent = false;
        Signals.Send(Pid, Signal.Continue);
    }

    /// <summary>SIGTERM; returns when the process has ended.</summary>
    /// <returns>How it ended and how long it took.</returns>
    public async Task<(int ExitCode, TimeSpan Took)> TerminateAsync()
    {
        long asked = Stopwatch.GetTimestamp();
        Signals.Send(Pid, Signal.Terminate);
        await Exited.WaitAsync(Wait.Patience, TestContext.Current.CancellationToken);
        return (ExitCode, Stopwatch.GetElapsedTime(asked));
    }

    /// <summary>Kills the process where it still is, frozen or not, and waits until it is gone.</summary>
    public void Dispose()
    {
        _leash.Dispose();
        if (IsAlive)
            Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    public override string ToString() => $"{Name} ({Address}, process {Pid})";

    private async Task ReadReadyAsync(CancellationToken cancellation)
    {
        string? line = await _process.StandardOutput.ReadLineAsync(cancellation);
        if (line is null)
        {
            await Exited.WaitAsync(cancellation);
            throw new InvalidOperationException($"{Name} ended with exit code {ExitCode} before it was ready: {Errors}");
        }

        using var ready = JsonDocument.Parse(line);
        if (!ready.RootElement.GetProperty("ready").GetBoolean())
            throw new InvalidOperationException($"{Name} did not start: {ready.RootElement.GetProperty("error").GetString()}");
        Address = IPEndPoint.Parse(ready.RootElement.GetProperty("silo").GetString()!);
        Gateway = IPEndPoint.Parse(ready.RootElement.GetProperty("gateway").GetString()!);
        Page = ready.RootElement.TryGetProperty("page", out var page) && page.GetString() is { } address ? new(address) : null;
    }
}

using System.ComponentModel;
using System.Diagnostics;
using Orleans.Tbptt.Cluster.Local;
using Orleans.Tbptt.Cluster.Wording;

namespace Orleans.Tbptt.Client.Cluster;

/// <summary>A silo process, which ends when the pipe to its standard input closes.</summary>
internal sealed class SiloProcess : ILocalSilo, IDisposable
{
    private const int KeptLines = 5;

    private readonly Process _process;
    private readonly string _log;
    private readonly SiloPipe _pipe;
    private readonly Queue<string> _lastWords = new();
    private readonly long? _memoryKills = SiloEnd.ReadMemoryKills();

    private SiloProcess(int number, Process process, string log)
    {
        (Number, _process, _log, _pipe) = (number, process, log, new(process.StandardInput));
        Pid = process.Id;
        Exited = process.WaitForExitAsync();
    }

    /// <summary>The silo's number, from 1.</summary>
    public int Number { get; }

    /// <summary>Its process.</summary>
    public int Pid { get; }

    /// <summary>Its web page, once it is ready; null where it serves none.</summary>
    public string? Page { get; private set; }

    /// <summary>Completes when the process has ended.</summary>
    public Task Exited { get; }

    /// <summary>How the process ended; 128 + n for signal n.</summary>
    private int ExitCode => _process.ExitCode;

    /// <summary>Starts silo <paramref name="number"/>.</summary>
    /// <param name="program">The silo program.</param>
    /// <param name="number">The silo's number, from 1.</param>
    /// <param name="arguments">The program's arguments.</param>
    /// <param name="log">The file it logs to.</param>
    /// <exception cref="ClientException">The process cannot be started.</exception>
    public static SiloProcess Start(SiloProgram program, int number, IEnumerable<string> arguments, string log)
    {
        try
        {
            var process = Process.Start(program.StartInfo(arguments)) ?? throw new InvalidOperationException("no process was started");
            return new(number, process, log);
        }
        catch (Exception exception) when (exception is Win32Exception or InvalidOperationException)
        {
            throw new ClientException($"cannot start {program.Runtime}: {Text.OneLine(exception.Message)}", Client.ExitCode.Unreachable,
                exception);
        }
    }

    /// <summary>Waits until the silo is part of its cluster.</summary>
    /// <param name="telemetry">Receives the lines that the silo writes from then on; null to ignore them.</param>
    /// <param name="cancellation">Cancels the operation.</param>
    /// <exception cref="ClientException">The silo ended before it was ready, or reported why it cannot start.</exception>
    public async Task WaitUntilReadyAsync(Action<string>? telemetry, CancellationToken cancellation)
    {
        _process.ErrorDataReceived += (_, said) => Keep(said.Data);
        _process.BeginErrorReadLine();
        while (await _process.StandardOutput.ReadLineAsync(cancellation) is { } line)
        {
            if (ReadyLine.Parse(line) is not { } said)
                Keep(line);
            else if (said.Ready)
            {
                Page = said.Page;
                _ = ForwardOutputAsync(telemetry);
                return;
            }
            else
            {
                throw new ClientException($"silo {Number} did not start: {Text.OneLine(said.Error ?? "no reason given")}",
                    Client.ExitCode.Unreachable);
            }
        }

        // Not Exited: that wait began before standard error was read and may complete before its end is seen.
        await _process.WaitForExitAsync(cancellation);
        // The errors of the dotnet host have exit codes like those of signals; unlike a killed process, it writes why it ends.
        string when = " before it was ready", words = LastOutput();
        string end = words.Length == 0 ? DescribeEnd(when) : $"ended with exit code {ExitCode}{when}{words}";
        throw new ClientException($"silo {Number} {end}", Client.ExitCode.Unreachable);
    }

    /// <summary>How the process ended, as text.</summary>
    /// <param name="when">When, with a leading space; empty where that is clear.</param>
    public string DescribeEnd(string when = "") =>
        SiloEnd.Describe(ExitCode, when, SiloEnd.ReadMemoryKills() - _memoryKills, LastOutput);

    /// <summary>The last lines of the silo's standard error, or else the last errors in its log; empty when there are none.</summary>
    private string LastOutput()
    {
        string[] words;
        lock (_lastWords)
            words = [.. _lastWords];
        if (words.Length == 0 && File.Exists(_log))
            words = [.. File.ReadLines(_log).Where(line => line.Contains(" EROR ") || line.Contains(" FATL ")).TakeLast(KeptLines)];
        return words.Length == 0 ? "" : $": {string.Join(" | ", words.Select(Text.OneLine))}";
    }

    /// <summary>Asks the silo something, once it is ready.</summary>
    /// <exception cref="IOException">The silo has ended, or ends before it replies.</exception>
    public Task<LocalReply> AskAsync(LocalCall call) => _pipe.AskAsync(call);

    /// <summary>Closes the pipe, which asks the silo to end.</summary>
    public void ClosePipe() => _pipe.CloseInput();

    /// <summary>Ends the process without asking; does nothing when it has ended.</summary>
    public void Kill()
    {
        try
        {
            _process.Kill();
        }
        catch (InvalidOperationException)
        {
            // The process ended between the check and the kill.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _process.Dispose();

    private async Task ForwardOutputAsync(Action<string>? telemetry)
    {
        try
        {
            while (await _process.StandardOutput.ReadLineAsync() is { } line)
            {
                if (!_pipe.Take(line))
                    telemetry?.Invoke(line);
            }
        }
        finally
        {
            _pipe.Close();
        }
    }

    private void Keep(string? line)
    {
        if (string.IsNullOrWhiteSpace(line))
            return;
        lock (_lastWords)
        {
            _lastWords.Enqueue(line);
            if (_lastWords.Count > KeptLines)
                _lastWords.Dequeue();
        }
    }
}

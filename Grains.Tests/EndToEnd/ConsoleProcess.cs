using System.Diagnostics;
using System.Runtime.InteropServices;
using Orleans.Tbptt.Client.Cluster;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Tests.Support.Servers;

namespace Orleans.Tbptt.Tests.EndToEnd;

/// <summary>The console as a user runs it: a separate process, with the silos it starts.</summary>
internal sealed class ConsoleProcess : IDisposable
{
    private static readonly Dictionary<string, string> NoVariables = [];

    /// <summary>
    /// Where the build puts it: among the test's own files are those of the silo, which has another framework beneath it.
    /// </summary>
    internal static readonly string Program = Path.GetFullPath(
        Path.Combine(AppContext.BaseDirectory, "..", "..", "Client",
            Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)), "tbptt.dll"));

    private readonly string _runs;
    private readonly Process _process;
    private readonly ProcessLeash _leash;

    private ConsoleProcess(Process process, string runs) => (_process, _leash, _runs) = (process, new(process), runs);

    /// <summary>The events of the run so far, as <c>--output json</c> printed them.</summary>
    public List<RunEvent> Events { get; } = [];

    /// <summary>The one run of the run store.</summary>
    public RunDirectory Run => RunDirectory.All(_runs).Single();

    /// <summary>The console's process.</summary>
    public int Pid => _process.Id;

    /// <summary>Starts <c>tbptt</c> with a run store.</summary>
    public static ConsoleProcess Start(string runs, params string[] arguments) => Launch(runs, NoVariables, [.. arguments, "--runs", runs]);

    /// <summary>
    /// Starts <c>tbptt</c> with its own run store and environment variables, such as <c>Orleans__Clustering__ProviderType</c>.
    /// </summary>
    public static ConsoleProcess Start(string runs, IReadOnlyDictionary<string, string> environment, params string[] arguments) =>
        Launch(runs, environment, [.. arguments, "--runs", runs]);

    /// <summary>Starts <c>tbptt</c> with a run store, in a process group of its own.</summary>
    public static ConsoleProcess StartGroup(string runs, params string[] arguments) =>
        Launch(runs, NoVariables, [.. arguments, "--runs", runs], "setsid", "env");

    /// <summary>Starts <c>tbptt</c> with nothing but <paramref name="arguments"/>.</summary>
    public static ConsoleProcess StartBare(params string[] arguments) => Launch("", NoVariables, arguments);

    /// <summary>The same, with its own environment variables: a cluster's runs need no run store here.</summary>
    public static ConsoleProcess StartBare(IReadOnlyDictionary<string, string> environment, params string[] arguments) =>
        Launch("", environment, arguments);

    /// <summary>Runs <c>tbptt</c> with a run store to its end: for commands that answer and return.</summary>
    public static async Task<(int ExitCode, string Output, string Error)> RunToEnd(string runs, CancellationToken cancellation,
        params string[] arguments)
    {
        using var console = Start(runs, arguments);
        return await console.End(cancellation);
    }

    /// <summary>Stops to read what the console prints, as <c>head</c> does.</summary>
    public void StopReading() => _process.StandardOutput.Close();

    /// <summary>Waits for the end of a console that is not read any more.</summary>
    public async Task<int> EndUnread(CancellationToken cancellation)
    {
        await _process.WaitForExitAsync(cancellation);
        return _process.ExitCode;
    }

    private static ConsoleProcess Launch(
        string runs, IReadOnlyDictionary<string, string> environment, IEnumerable<string> arguments, string program = "env",
        params string[] before)
    {
        string runtime = SiloProgram.Find(AppContext.BaseDirectory).Runtime;
        // A test run that was itself started in the background ignores SIGINT, and what it starts would, too.
        var start = new ProcessStartInfo(program, [.. before, "--default-signal=INT", runtime, Program, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return new(Process.Start(start)!, runs);
    }

    /// <summary>Reads events until one is as wanted.</summary>
    public async Task<T> Await<T>(Func<T, bool> wanted, CancellationToken cancellation) where T : RunEvent
    {
        while (await _process.StandardOutput.ReadLineAsync(cancellation) is { } line)
        {
            Events.Add(RunJson.ReadEvent(line));
            if (Events[^1] is T found && wanted(found))
                return found;
        }

        throw new InvalidOperationException(
            $"the console ended before the event came: {await _process.StandardError.ReadToEndAsync(cancellation)}");
    }

    /// <summary>Reads up to a line, and returns those before it.</summary>
    public async Task<IReadOnlyList<string>> AwaitLine(string wanted, CancellationToken cancellation)
    {
        var lines = new List<string>();
        while (await _process.StandardOutput.ReadLineAsync(cancellation) is { } line)
        {
            if (line == wanted)
                return lines;
            lines.Add(line);
        }

        throw new InvalidOperationException(
            $"the console ended before the line came: {await _process.StandardError.ReadToEndAsync(cancellation)}");
    }

    /// <summary>Reads what is left and waits for the end.</summary>
    public async Task<(int ExitCode, string Output, string Error)> End(CancellationToken cancellation)
    {
        var error = _process.StandardError.ReadToEndAsync(cancellation);
        string output = await _process.StandardOutput.ReadToEndAsync(cancellation);
        await _process.WaitForExitAsync(cancellation);
        return (_process.ExitCode, output, await error);
    }

    /// <summary>Reads the events that are left and waits for the end.</summary>
    public async Task<int> EndOfEvents(CancellationToken cancellation)
    {
        var (code, output, _) = await End(cancellation);
        Events.AddRange(output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(RunJson.ReadEvent));
        return code;
    }

    /// <summary>The processes of this console's silos, by the silo's name.</summary>
    public Process Silo(string name) => Process.GetProcesses().Single(process => CommandLine(process) is var line
        && IsSilo(line) && line.Contains(name));

    /// <summary>The silos that still run.</summary>
    public int LivingSilos() => Silos().Count;

    /// <summary>The process ids of the silos that still run.</summary>
    public IReadOnlyList<int> Silos() =>
        [.. Process.GetProcesses().Where(process => IsSilo(CommandLine(process))).Select(process => process.Id)];

    /// <summary>Sends the console a signal, as a terminal does.</summary>
    public void Signal(int signal) => Send(_process.Id, signal);

    /// <summary>Sends a signal to the console of <see cref="StartGroup"/> and its silos at the same time.</summary>
    public void SignalGroup(int signal) => Send(-_process.Id, signal);

    /// <summary>Sends a process a signal.</summary>
    public static void Send(int process, int signal) => Assert.Equal(0, Kill(process, signal));

    public void Dispose()
    {
        _leash.Dispose();
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }

    private bool IsSilo(string[] commandLine) =>
        commandLine.Any(word => word.EndsWith("tbptt-silo.dll", StringComparison.Ordinal)) && commandLine.Contains(_runs);

    private static string[] CommandLine(Process process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process.Id}/cmdline").Split('\0');
        }
        catch (IOException)
        {
            return []; // It ended while we looked.
        }
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static extern int Kill(int process, int signal);
}

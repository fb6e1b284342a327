using System.Runtime.InteropServices;
using Microsoft.Extensions.Configuration;
using Orleans.Tbptt.Client.CommandLine;
using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Client.Watching;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Tests.Client;

/// <summary>The console with its own run store and a scripted cluster.</summary>
internal sealed class ScriptedConsole : IDisposable
{
    private readonly StringWriter _output = new() { NewLine = "\n" };
    private readonly StringWriter _error = new() { NewLine = "\n" };

    public ScriptedConsole() => Interruption = new(Exits.Add);

    public string Runs { get; } = Directory.CreateTempSubdirectory("tbptt-console").FullName;

    public ScriptedCluster Cluster { get; } = new();

    public FixedChecker Checker { get; set; } = new();

    public Interruption Interruption { get; }

    /// <summary>The codes that the process would have been ended with at once.</summary>
    public List<int> Exits { get; } = [];

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public WatchLimits Limits { get; init; } = new() { Poll = TimeSpan.FromMilliseconds(1) };

    public Dictionary<string, string?> Settings { get; } = [];

    public int? Gpus { get; set; } = 0;

    public Func<bool> HasLostItsReader { get; set; } = () => false;

    /// <summary>Standard input.</summary>
    public Stream Input { get; set; } = Stream.Null;

    /// <summary>Where results go in the place of <see cref="Output"/>.</summary>
    public TextWriter? Written { get; set; }

    public string Output => _output.ToString();

    public string Error => _error.ToString();

    public ClusterAddress Standing => ClusterAddress.StandingOf(Runs);

    /// <summary>Runs a command line on the run store.</summary>
    public Task<int> RunAsync(params string[] args) => RunBareAsync([.. args, "--runs", Runs]);

    /// <summary>Runs a command line on a run store of its own, and fails the test when it fails.</summary>
    public static async Task SucceedAsync(params string[] args)
    {
        using var console = new ScriptedConsole();
        int code = await console.RunAsync(args);
        Assert.True(code == 0, console.Error);
    }

    /// <summary>Runs a command line on the run store, and presses Ctrl-C once it waits for the run's next event.</summary>
    public async Task<int> RunInterruptedAsync(params string[] args)
    {
        var running = RunAsync(args);
        await Cluster.Watched;
        Interrupt();
        return await running;
    }

    /// <summary>The services that commands use.</summary>
    public ConsoleContext Context => new(
        Checker, Cluster, Cluster, new(() => new ConfigurationBuilder().AddInMemoryCollection(Settings).Build()),
        new Terminal(Written ?? _output, _error, null) { HasLostItsReader = HasLostItsReader, OpenInput = () => Input }, Time, Interruption)
        {
            Limits = Limits, CountGpus = () => Gpus,
        };

    /// <summary>Runs a command line as it is.</summary>
    public Task<int> RunBareAsync(params string[] args) => new ConsoleApp(Context).RunAsync(args);

    public void Interrupt() => Interruption.Raise(PosixSignal.SIGINT);

    /// <summary>Puts a run into the run store.</summary>
    public RunDirectory Write(RunStatus status)
    {
        var directory = new RunDirectory(Runs, RunId.Parse(status.Id));
        Directory.CreateDirectory(directory.Path);
        File.WriteAllText(directory.Status, RunJson.Write(status));
        return directory;
    }

    public void Dispose()
    {
        Interruption.Dispose();
        _output.Dispose();
        _error.Dispose();
        Directory.Delete(Runs, recursive: true);
    }
}

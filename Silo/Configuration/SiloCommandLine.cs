using System.CommandLine;
using Microsoft.Extensions.Configuration;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Silo.Configuration;

/// <summary>How a silo's life is tied to others'.</summary>
internal enum SiloMode
{
    /// <summary>Started by a person or a service manager: runs until it is told to end.</summary>
    Standing,

    /// <summary>Started by the console: ends when the console does.</summary>
    Local,

    /// <summary>Started by the console, which goes: ends when its run does.</summary>
    Detached,
}

/// <summary>What a silo's command line says.</summary>
/// <param name="Settings">All settings.</param>
/// <param name="Mode">Whose life its own follows.</param>
/// <param name="Run">The run that a detached silo lives for.</param>
internal sealed record SiloStart(SiloSettings Settings, SiloMode Mode, RunId? Run);

/// <summary>The command line of <c>tbptt-silo</c>.</summary>
internal sealed class SiloCommandLine
{
    private readonly Option<bool> _local = new("--local")
    {
        Description = "End when standard input ends; print one line of JSON when ready. The console starts its silos so.",
    };

    private readonly Option<string> _detached = new("--detached")
    {
        Description = "End when this run has ended; print one line of JSON when ready. For 'tbptt train --detach'.",
        HelpName = "RUN",
    };

    private readonly (Option Option, string Key)[] _settings =
    [
        (Text("--runs", "DIR", "The run store, shared by all silos of a cluster. Default ./runs."), nameof(SiloSettings.Runs)),
        (Text("--device", "DEVICE", "auto, cpu or cuda:N, for runs that leave the choice to the silo. Default auto."), nameof(SiloSettings.Device)),
        (Text("--cluster-id", "ID", "The cluster to be part of. Default tbptt."), nameof(SiloSettings.ClusterId)),
        (Text("--membership", "FILE", "The SQLite file of the membership. Default .cluster/membership.db in the run store."), nameof(SiloSettings.Membership)),
        (Text("--address", "IP", "The address that others reach this silo at. Default 127.0.0.1."), nameof(SiloSettings.Address)),
        (Text("--silo-port", "PORT", "The port for silos. Default: any free one."), nameof(SiloSettings.SiloPort)),
        (Text("--gateway-port", "PORT", "The port for clients. Default: any free one."), nameof(SiloSettings.GatewayPort)),
        (Text("--name", "NAME", "The silo's name. Default: silo- and the process id."), nameof(SiloSettings.Name)),
        (Text("--log-file", "FILE", "A file that the log is appended to."), nameof(SiloSettings.LogFile)),
        (Text("--log-level", "LEVEL", "verbose, debug, information, warning, error or fatal. Default information."), nameof(SiloSettings.LogLevel)),
    ];

    /// <summary>Builds the command.</summary>
    /// <param name="run">What to do with a command line that is sound.</param>
    public RootCommand Build(Func<SiloStart, Task<int>> run)
    {
        var command = new RootCommand("A silo of an Orleans.Tbptt cluster: holds coordinators and trainers of runs.")
        {
            _local, _detached,
        };
        foreach (var (option, _) in _settings)
            command.Options.Add(option);
        command.SetAction(result => run(Read(result)));
        return command;
    }

    /// <summary>Whether the one who started this silo waits for a <see cref="Local.ReadyLine"/>.</summary>
    public bool WantsReadyLine(ParseResult result) => result.GetValue(_local) || result.GetResult(_detached) is not null;

    private SiloStart Read(ParseResult result)
    {
        var run = default(RunId?);
        if (result.GetValue(_detached) is { } text)
            run = RunId.TryParse(text, out var id) ? id : throw Wrong($"detached: found '{text}', expected a run id");
        var mode = run is not null ? SiloMode.Detached : result.GetValue(_local) ? SiloMode.Local : SiloMode.Standing;
        var settings = Bind(result);
        settings.Validate();
        return new(settings, mode, run);
    }

    private SiloSettings Bind(ParseResult result)
    {
        var given = _settings
            .Select(setting => (setting.Key, Value: result.GetValue((Option<string>)setting.Option)))
            .Where(setting => setting.Value is not null)
            .Select(setting => KeyValuePair.Create($"{SiloSettings.Section}:{setting.Key}", setting.Value));
        try
        {
            return new ConfigurationBuilder()
                .AddJsonFile(Path.GetFullPath("appsettings.json"), optional: true)
                .AddEnvironmentVariables()
                .AddInMemoryCollection(given)
                .Build()
                .GetSection(SiloSettings.Section)
                .Get<SiloSettings>() ?? new SiloSettings();
        }
        catch (Exception exception) when (exception is InvalidOperationException or InvalidDataException)
        {
            // The binder names the key, its cause the value: both are needed to mend it.
            throw Wrong(exception.InnerException is { } cause ? $"{exception.Message} {cause.Message}" : exception.Message);
        }
    }

    private static SiloStartException Wrong(string message) => new(message, SiloExitCode.WrongConfiguration);

    private static Option<string> Text(string name, string value, string description) =>
        new(name) { HelpName = value, Description = description };
}

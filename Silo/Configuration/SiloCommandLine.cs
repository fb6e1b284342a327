using System.CommandLine;
using Orleans.Tbptt.Cluster;
using Orleans.Tbptt.Cluster.Membership;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Silo.Configuration;

/// <summary>When a silo process ends.</summary>
internal enum SiloMode
{
    /// <summary>Started by a user or a service manager: runs until it receives a signal.</summary>
    Standing,

    /// <summary>Started by the console: ends when the console does.</summary>
    Local,

    /// <summary>Started by a console that does not stay: ends when its run or sweep does.</summary>
    Detached,
}

/// <summary>The parsed command line of a silo.</summary>
/// <param name="Settings">All settings.</param>
/// <param name="Mode">When the silo ends.</param>
/// <param name="Run">The run or the sweep that a detached silo was started for.</param>
internal sealed record SiloStart(SiloSettings Settings, SiloMode Mode, RunId? Run)
{
    /// <summary>Whether <see cref="Run"/> is a sweep.</summary>
    public bool IsSweep { get; init; }
}

/// <summary>The command line of <c>tbptt-silo</c>.</summary>
internal sealed class SiloCommandLine
{
    private readonly Option<bool> _local = new("--local")
    {
        Description = "End when standard input closes; print one line of JSON when ready. Used by 'tbptt train'.",
    };

    private readonly Option<string> _detached = new("--detached")
    {
        Description = "End when this run has ended; print one line of JSON when ready. Used by 'tbptt train --detach'.",
        HelpName = "RUN",
    };

    private readonly Option<string> _detachedSweep = new("--detached-sweep")
    {
        Description = "End when this sweep has ended; print one line of JSON when ready. Used by 'tbptt sweep --detach'.",
        HelpName = "SWEEP",
    };

    private readonly Option<string[]> _dataRoots = new("--data-root")
    {
        Description =
            "Directory from which data may be read. Repeatable. Default: any; the run store, if other machines can reach the silo.",
        HelpName = "DIR",
    };

    private readonly Option<string[]> _models = new("--model")
    {
        Description = "Model package to serve under a name, in addition to the runs' models. Repeatable.",
        HelpName = "NAME=DIR",
    };

    /// <summary>The options that locate the membership store; <c>init-database</c> takes them, too.</summary>
    private readonly (Option<string> Option, string Key)[] _store =
    [
        (Text("--runs", "DIR", "Run store, shared by all silos of a cluster. Default: ./runs."), Own(nameof(SiloSettings.Runs))),
        (Text("--clustering", "PROVIDER", "Membership store: Sqlite, Redis or PostgreSql. Default: Sqlite."),
            ClusteringSettings.ProviderKey),
        (Text("--connection", "STRING",
            "Connection string of Redis or PostgreSQL; if it holds a password, set Orleans__Clustering__ConnectionString instead. " +
            "Or the SQLite file; default: .cluster/membership.db in the run store."), ClusteringSettings.ConnectionKey),
    ];

    private readonly (Option<string> Option, string Key)[] _settings =
    [
        (Text("--cluster-id", "ID", "ID of the cluster to join. Default: Orleans:ClusterId, or tbptt."), ClusteringSettings.ClusterIdKey),
        (Text("--device", "DEVICE", "Device for runs with device: auto: auto, cpu or cuda:N. Default: auto."),
            Own(nameof(SiloSettings.Device))),
        (Text("--slots", "N", "Number of trainers; 0 for coordinators only. Default: one per core, or per GPU."),
            Own(nameof(SiloSettings.Slots))),
        (Text("--address", "IP|auto",
            "IP address at which silos and clients reach this silo; auto: the machine's only address. Default: 127.0.0.1."),
                Own(nameof(SiloSettings.Address))),
        (Text("--silo-port", "PORT", "Port for silos. Default: any free port."), Own(nameof(SiloSettings.SiloPort))),
        (Text("--gateway-port", "PORT", "Port for clients. Default: any free port."), Own(nameof(SiloSettings.GatewayPort))),
        (Text("--http", "[ADDRESS:]PORT",
            "Where to serve the web page, or off. Other addresses than loopback require Tbptt__Web__Token. Default: any free port of " +
            "127.0.0.1."), $"{Own(nameof(SiloSettings.Web))}:{nameof(WebSettings.Http)}"),
        (Text("--name", "NAME", "Silo name. Default: silo-PID, in a container silo-HOSTNAME."), Own(nameof(SiloSettings.Name))),
        (Text("--log-file", "FILE", "File to append the log to."), Own(nameof(SiloSettings.LogFile))),
        (Text("--log-format", "FORMAT", "text, or json for one event per line. Local silos always write text. Default: text."),
            Own(nameof(SiloSettings.LogFormat))),
        (Text("--telemetry", "WHERE",
            "console: write spans and metrics to standard output; none. For a collector set OTEL_EXPORTER_OTLP_ENDPOINT. Default: none."),
                Own(nameof(SiloSettings.Telemetry))),
        (Text("--log-level", "LEVEL", "verbose, debug, information, warning, error or fatal. Default: information."),
            Own(nameof(SiloSettings.LogLevel))),
    ];

    /// <summary>Builds the command.</summary>
    /// <param name="run">Runs the silo.</param>
    /// <param name="initializeDatabase">Executes <c>init-database</c>.</param>
    /// <param name="checkEngines">Executes <c>check-engines</c>.</param>
    public RootCommand Build(
        Func<SiloStart, Task<int>> run, Func<ClusteringSettings, Task<int>> initializeDatabase, Action checkEngines)
    {
        var command = new RootCommand("Silo of an Orleans.Tbptt cluster: hosts coordinators and trainers of runs.")
        {
            _local, _detached, _detachedSweep, _dataRoots, _models,
        };
        var database = new Command(
            "init-database",
            "Creates the membership and grain directory tables in a PostgreSQL database or SQLite file. Required once; repeating it is " +
            "harmless.");
        foreach (var (option, _) in _store)
            database.Options.Add(option);
        database.SetAction(result => initializeDatabase(Bind(result, _store).Clustering));
        foreach (var (option, _) in (IEnumerable<(Option<string> Option, string)>)[.. _store, .. _settings])
            command.Options.Add(option);
        command.Subcommands.Add(database);
        var engines = new Command("check-engines", "Loads every engine and prints one line of JSON about it. Used by 'tbptt doctor'.");
        engines.SetAction(_ => checkEngines());
        command.Subcommands.Add(engines);
        command.SetAction(result => run(Read(result)));
        return command;
    }

    /// <summary>Whether the starting process waits for a <see cref="Orleans.Tbptt.Cluster.Local.ReadyLine"/>.</summary>
    public bool WantsReadyLine(ParseResult result) =>
        result.GetValue(_local) || result.GetResult(_detached) is not null || result.GetResult(_detachedSweep) is not null;

    private SiloStart Read(ParseResult result)
    {
        RunId? run = Id(result, _detached, "a run ID"), sweep = Id(result, _detachedSweep, "a sweep ID");
        var mode = (run ?? sweep) is not null ? SiloMode.Detached : result.GetValue(_local) ? SiloMode.Local : SiloMode.Standing;
        return new(Bind(result, [.. _store, .. _settings]), mode, run ?? sweep) { IsSweep = run is null && sweep is not null };
    }

    private static RunId? Id(ParseResult result, Option<string> option, string expected) =>
        result.GetValue(option) is not { } text ? null
            : RunId.TryParse(text, out var id) ? id : throw Wrong($"{option.Name[2..]}: found '{text}', expected {expected}");

    private SiloSettings Bind(ParseResult result, IEnumerable<(Option<string> Option, string Key)> options)
    {
        var given = options
            .Select(option => KeyValuePair.Create(option.Key, result.GetValue(option.Option)))
            .Where(setting => setting.Value is not null)
            .ToDictionary();
        try
        {
            return SiloSettings.Read(ClusteringSettings.Sources(given), result.GetValue(_dataRoots) ?? [], result.GetValue(_models) ?? []);
        }
        catch (ClusterSettingsException exception)
        {
            throw Wrong(exception.Message);
        }
    }

    private static string Own(string key) => $"{SiloSettings.Section}:{key}";

    private static SiloStartException Wrong(string message) => new(message, SiloExitCode.WrongConfiguration);

    private static Option<string> Text(string name, string value, string description) =>
        new(name) { HelpName = value, Description = description };
}

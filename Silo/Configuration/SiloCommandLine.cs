using System.CommandLine;
using Orleans.Tbptt.Membership;
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

    private readonly Option<string[]> _dataRoots = new("--data-root")
    {
        Description = "A directory that data may lie in; may be given again and again. Default: anywhere; of a silo that others can reach, the run store.",
        HelpName = "DIR",
    };

    /// <summary>What a database is found by, and so what <c>init-database</c> takes, too.</summary>
    private readonly (Option<string> Option, string Key)[] _store =
    [
        (Text("--runs", "DIR", "The run store, shared by all silos of a cluster. Default ./runs."), Own(nameof(SiloSettings.Runs))),
        (Text("--clustering", "PROVIDER", "Where the cluster keeps its membership: Sqlite, Redis or PostgreSql. Default Sqlite."), ClusteringSettings.ProviderKey),
        (Text("--connection", "STRING", "The connection string of Redis or PostgreSQL, or SQLite's file. Better in the environment if it holds a password: Orleans__Clustering__ConnectionString."), ClusteringSettings.ConnectionKey),
        (Text("--membership", "FILE", "The SQLite file of the membership. Default .cluster/membership.db in the run store."), Own(nameof(SiloSettings.Membership))),
    ];

    private readonly (Option<string> Option, string Key)[] _settings =
    [
        (Text("--cluster-id", "ID", "The cluster to be part of. Default tbptt."), Own(nameof(SiloSettings.ClusterId))),
        (Text("--device", "DEVICE", "auto, cpu or cuda:N, for runs that leave the choice to the silo. Default auto."), Own(nameof(SiloSettings.Device))),
        (Text("--slots", "N", "How many trainers to take; 0 for coordinators only. Default: one for each core, or for each GPU."), Own(nameof(SiloSettings.Slots))),
        (Text("--address", "IP|auto", "The address that others reach this silo at; auto finds it, on a machine that has one. Default 127.0.0.1."), Own(nameof(SiloSettings.Address))),
        (Text("--silo-port", "PORT", "The port for silos. Default: any free one."), Own(nameof(SiloSettings.SiloPort))),
        (Text("--gateway-port", "PORT", "The port for clients. Default: any free one."), Own(nameof(SiloSettings.GatewayPort))),
        (Text("--http", "[ADDRESS:]PORT", "Where to serve the web page, or off. Off the loopback it takes a token: Tbptt__Web__Token. Default: any free port of 127.0.0.1."), $"{Own(nameof(SiloSettings.Web))}:{nameof(WebSettings.Http)}"),
        (Text("--name", "NAME", "The silo's name. Default: silo- and the process id, in a container its name."), Own(nameof(SiloSettings.Name))),
        (Text("--log-file", "FILE", "A file that the log is appended to."), Own(nameof(SiloSettings.LogFile))),
        (Text("--log-format", "FORMAT", "text, for people, or json, one event a line. A console's own silos keep to text. Default text."), Own(nameof(SiloSettings.LogFormat))),
        (Text("--telemetry", "WHERE", "console, to write spans and metrics to standard output; or none. To a collector: OTEL_EXPORTER_OTLP_ENDPOINT and so on. Default none."), Own(nameof(SiloSettings.Telemetry))),
        (Text("--log-level", "LEVEL", "verbose, debug, information, warning, error or fatal. Default information."), Own(nameof(SiloSettings.LogLevel))),
    ];

    /// <summary>Builds the command.</summary>
    /// <param name="run">What to do with a command line that is sound.</param>
    /// <param name="initializeDatabase">The work of <c>init-database</c>.</param>
    public RootCommand Build(Func<SiloStart, Task<int>> run, Func<ClusteringSettings, Task<int>> initializeDatabase)
    {
        var command = new RootCommand("A silo of an Orleans.Tbptt cluster: holds coordinators and trainers of runs.")
        {
            _local, _detached, _dataRoots,
        };
        var database = new Command(
            "init-database", "Creates the tables of membership and grain directory in a PostgreSQL database or SQLite file; needed once, harmless again.");
        foreach (var (option, _) in _store)
            database.Options.Add(option);
        database.SetAction(result => initializeDatabase(Bind(result, _store).Clustering));
        foreach (var (option, _) in (IEnumerable<(Option<string> Option, string)>)[.. _store, .. _settings])
            command.Options.Add(option);
        command.Subcommands.Add(database);
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
        return new(Bind(result, [.. _store, .. _settings]), mode, run);
    }

    private SiloSettings Bind(ParseResult result, IEnumerable<(Option<string> Option, string Key)> options)
    {
        var given = options
            .Select(option => KeyValuePair.Create(option.Key, result.GetValue(option.Option)))
            .Where(setting => setting.Value is not null)
            .ToDictionary();
        // Who names the SQLite file means it, whatever the environment says of clusters.
        if (given.ContainsKey(Own(nameof(SiloSettings.Membership))))
            given.TryAdd(ClusteringSettings.ProviderKey, nameof(ClusteringProvider.Sqlite));
        try
        {
            return SiloSettings.Read(ClusteringSettings.Sources(given), result.GetValue(_dataRoots) ?? []);
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

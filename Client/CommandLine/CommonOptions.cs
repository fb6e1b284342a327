using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Orleans.Tbptt.Client.Completion;
using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs.Reading;

namespace Orleans.Tbptt.Client.CommandLine;

/// <summary>Arguments and options that several commands share.</summary>
internal static class CommonOptions
{
    private const int MaxSilos = 64;

    /// <summary>The argument <c>SPEC</c>.</summary>
    public static Argument<string> Spec() => new("SPEC")
    {
        Description = "Run spec: a YAML or JSON file.", CompletionSources = { Suggestions.Files(".yaml", ".yml", ".json") },
    };

    /// <summary>The argument <c>RUN</c>.</summary>
    public static Argument<string> Run() =>
        new("RUN") { Description = "Run ID, or any unambiguous part of it.", CompletionSources = { Suggestions.Runs } };

    /// <summary>The option <c>--runs</c> of commands that read files and ask no cluster.</summary>
    public static Option<string> RunStore() => new("--runs")
    {
        HelpName = "DIR", Description = "Run store: the directory that holds all runs.", DefaultValueFactory = _ => "./runs",
        CompletionSources = { Suggestions.Directories },
    };

    /// <summary>The option <c>--set</c>, which overrides values of the spec.</summary>
    public static Option<string[]> Overrides() => new("--set")
    {
        HelpName = "KEY=VALUE",
        Description = "Overrides a spec value, e.g. train.epochs=20. Repeatable.",
    };

    /// <summary>The option <c>--output</c> of commands that show a run.</summary>
    public static Option<string> Output()
    {
        var output = new Option<string>("--output")
        {
            HelpName = "auto|live|plain|json",
            Description =
                "live: a screen that follows the run; plain: a few lines; json: every event, one per line; auto: live at a terminal, " +
                "else plain.",
            DefaultValueFactory = _ => "auto",
        };
        return output.OneOf("auto", "live", "plain", "json");
    }

    /// <summary>The option <c>--output</c> of commands that show a sweep.</summary>
    public static Option<string> Summary()
    {
        var output = new Option<string>("--output")
        {
            HelpName = "plain|json",
            Description = "plain: a line for each figure, and a table at the end; json: the sweep at its end, as status.json has it.",
            DefaultValueFactory = _ => "plain",
        };
        return output.OneOf("plain", "json");
    }

    /// <summary>The value of <see cref="Output"/>.</summary>
    public static OutputMode Mode(this ParseResult result, Option<string> output) =>
        Enum.Parse<OutputMode>(result.GetRequiredValue(output), ignoreCase: true);

    /// <summary>The option <c>--output</c> of commands that print a table.</summary>
    public static Option<string> Format()
    {
        var option =
            new Option<string>("--output") { HelpName = "text|json", Description = "Output format.", DefaultValueFactory = _ => "text" };
        return option.OneOf("text", "json");
    }

    /// <summary>Accepts and completes some words only; of a misspelled one, the message names the word that it was meant to be.</summary>
    public static Option<string> OneOf(this Option<string> option, params string[] words)
    {
        option.CompletionSources.Add(words);
        option.Validators.Add(result =>
        {
            foreach (string found in result.Tokens.Select(token => token.Value).Where(value => !words.Contains(value)))
            {
                string meant = Nearest.To(found, words) is { } near ? $"; did you mean {near}?" : "";
                result.AddError($"{option.Name}: found '{found}', expected {string.Join(", ", words[..^1])} or {words[^1]}{meant}");
            }
        });
        return option;
    }

    /// <summary>The option <c>--silos</c>: how many silo processes to start.</summary>
    public static Option<int?> Silos(string description) =>
        Integer("--silos", $"{description} Silos without a trainer take over when another one dies.", 1, MaxSilos);

    /// <summary>The option <c>--id</c>.</summary>
    public static Option<RunId?> Id(string description) => new("--id")
    {
        HelpName = "RUN",
        Description = description,
        CustomParser = result =>
        {
            if (RunId.TryParse(result.Tokens[0].Value, out var run))
                return run;
            result.AddError($"--id: found '{result.Tokens[0].Value}', expected {RunId.Expected}.");
            return null;
        },
    };

    /// <summary>An integer option within bounds.</summary>
    public static Option<int?> Integer(string name, string description, int least, int most) => new(name)
    {
        HelpName = "N",
        Description = description,
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number) && number >= least
                && number <= most)
                return number;
            result.AddError($"{name}: found '{text}', expected {least} to {most}.");
            return null;
        },
    };

    /// <summary>An option that names a step.</summary>
    public static Option<long?> Step(string name, string description) => new(name)
    {
        HelpName = "N",
        Description = description,
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number))
                return number;
            result.AddError($"{name}: found '{text}', expected a number of steps, from 0.");
            return null;
        },
    };

    /// <summary>Whether an option was given.</summary>
    public static bool IsGiven(this SymbolResult result, Option option) => result.GetResult(option) is { Implicit: false };
}

/// <summary>The options that name a run store and a cluster.</summary>
internal sealed class ClusterOptions
{
    private readonly Option<string> _runs = new("--runs")
    {
        HelpName = "DIR", Description = "Run store: the directory that holds all runs.", DefaultValueFactory = _ => "./runs",
        CompletionSources = { Suggestions.Directories },
    };

    private readonly Option<string?> _cluster = new("--cluster")
    {
        HelpName = "CONNECTION",
        Description =
            "Cluster: redis:HOST:PORT[,options], postgresql:CONNECTION STRING or sqlite:FILE. Without a value: " +
            "Orleans:Clustering:ProviderType "
            + "and :ConnectionString from ./appsettings.json or the environment (Orleans__Clustering__ProviderType, ...).",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> _clusterId =
        new("--cluster-id") { HelpName = "ID", Description = "ID of the cluster. Default: Orleans:ClusterId, or tbptt." };

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        _runs.Validators.Add(result =>
        {
            if (result.Tokens.Any(token => string.IsNullOrWhiteSpace(token.Value)))
                result.AddError($"--runs: found '{result.Tokens[0].Value}', expected a directory.");
        });
        _cluster.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && !ClusterAddress.TryParse(text, out _, out _))
                result.AddError(
                    $"--cluster: found '{text}', expected {ClusterAddress.Expected}; place it after all arguments when it has no value.");
        });
        command.Validators.Add(result =>
        {
            if (result.IsGiven(_clusterId) && !result.IsGiven(_cluster))
                result.AddError("--cluster-id: found without --cluster, expected both.");
        });
        command.Options.Add(_runs);
        command.Options.Add(_cluster);
        command.Options.Add(_clusterId);
    }

    /// <summary>Refuses an option together with <c>--cluster</c>.</summary>
    public void Excludes(Command command, Option option, string why) => command.Validators.Add(result =>
    {
        if (result.IsGiven(_cluster) && result.IsGiven(option))
            result.AddError($"{option.Name}: found with --cluster, expected one of them; {why}.");
    });

    /// <summary>Refuses a value of an option together with <c>--cluster</c>.</summary>
    public void ExcludesValue(Command command, Option<string> option, string value, string expected, string why) =>
        command.Validators.Add(result =>
        {
            if (result.IsGiven(_cluster) && result.GetValue(option) == value)
                result.AddError($"{option.Name}: found {value} with --cluster, expected {expected}, because {why}.");
        });

    /// <summary>The run store and cluster that the command line selects.</summary>
    public ClusterSelection Read(ParseResult result) => new(
        result.GetRequiredValue(_runs), result.CommandResult.IsGiven(_cluster), result.GetValue(_cluster), result.GetValue(_clusterId));
}

using System.CommandLine;
using Orleans.Tbptt.Client.Completion;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Serve;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.CommandLine;

/// <summary>The command that serves a trained model.</summary>
internal static class ServeCommands
{
    private const string DefaultHttp = "8080";

    /// <summary><c>tbptt serve</c>.</summary>
    public static Command Serve(ConsoleContext context)
    {
        var model = new Argument<string>("MODEL")
        {
            Description = "A model package's directory, or the ID of a run that has completed, or any unambiguous part of it.",
            CompletionSources = { Suggestions.Runs },
        };
        var name = new Option<RunId?>("--name")
        {
            HelpName = "NAME",
            Description = "The model's name in addresses. Default: the run's ID, or the directory's name.",
            CustomParser = result =>
            {
                if (RunId.TryParse(result.Tokens[0].Value, out var id))
                    return id;
                result.AddError($"--name: found '{result.Tokens[0].Value}', expected {RunId.Expected}.");
                return null;
            },
        };
        var http = new Option<string>("--http")
        {
            HelpName = "[ADDRESS:]PORT",
            Description =
                "Where to listen; 0 for any free port of 127.0.0.1. Other addresses than loopback require Tbptt__Web__Token.",
            DefaultValueFactory = _ => DefaultHttp,
        };
        var runs = new Option<string>("--runs")
        {
            HelpName = "DIR", Description = "Run store: the directory that holds all runs, and the streams.",
            DefaultValueFactory = _ => "./runs", CompletionSources = { Suggestions.Directories },
        };
        var command = new Command(
            "serve",
            """
            Serves a trained model over HTTP until Ctrl-C. Each stream has a hidden state of its own, which is kept between requests and on
            the disk: rows come one by one or in groups, by their numbers, and are answered with the forecasts that 'tbptt predict' makes
            from all rows in one file, bit for bit. A row that was answered is never lost; one that is sent again is answered as before.

            Examples:
              tbptt serve sunspots-20260314-150926-1a2b
              tbptt serve stores-model --name stores --http 0.0.0.0:8080
            """)
        {
            model, name, http, runs,
        };
        command.SetAction(result => ServeCommand.RunAsync(context, new(
            result.GetRequiredValue(runs), result.GetRequiredValue(model), result.GetValue(name), result.GetRequiredValue(http))));
        return command;
    }
}

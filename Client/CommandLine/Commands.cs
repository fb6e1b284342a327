using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Orleans.Tbptt.Client.Train;

namespace Orleans.Tbptt.Client.CommandLine;

/// <summary>The grammar of the command line, and its help.</summary>
internal static class Commands
{
    private const int MaxSilos = 64;

    /// <summary>Builds all commands.</summary>
    public static RootCommand Build(ConsoleApp app) => new(
        """
        Trains recurrent networks by truncated backpropagation through time, on one process or many.

        Examples:
          tbptt validate wave.yaml
          tbptt train wave.yaml --silos 3 --set train.epochs=20
          tbptt train wave.yaml --output json > events.jsonl
          tbptt ls
          tbptt show wave-20260314-150926-1a2b

        Exit codes: 0 completed, 1 failed, 2 usage, 3 stopped, 4 diverged, 65 bad spec or data,
        69 cluster unreachable, 130 Ctrl-C, 141 reader of the output gone, 143 SIGTERM.
        """)
    {
        Train(app), Validate(app), Show(app), List(app),
    };

    private static Command Train(ConsoleApp app)
    {
        var (spec, sets, runs) = (Spec(), Sets(), Runs());
        var silos = new Option<int>("--silos")
        {
            HelpName = "N", Description = "Silo processes to start. With fewer trainers than silos some silos have no trainer; they take over when another one dies.", DefaultValueFactory = _ => 1, CustomParser = ParseSilos,
        };
        var output = new Option<string>("--output")
        {
            HelpName = "auto|live|plain|json",
            Description = "live: a screen that follows the run. plain: a few lines. json: every event, one a line. auto: live at a terminal, else plain.",
            DefaultValueFactory = _ => "auto",
        };
        output.AcceptOnlyFromAmong("auto", "live", "plain", "json");
        var detach = new Option<bool>("--detach") { Description = "Return when the run has begun; its silos end by themselves when it has ended." };
        var command = new Command(
            "train",
            """
            Trains what a spec says, on silo processes started for it.

            Examples:
              tbptt train wave.yaml
              tbptt train wave.yaml --silos 3 --set train.trainers=6 --set seed=2
              tbptt train wave.yaml --detach --runs /data/runs
            """)
        {
            spec, silos, sets, output, runs, detach,
        };
        command.SetAction(result => app.TrainAsync(new TrainRequest
        {
            Spec = result.GetRequiredValue(spec),
            Sets = result.GetValue(sets) ?? [],
            Silos = result.GetValue(silos),
            Output = Enum.Parse<OutputMode>(result.GetRequiredValue(output), ignoreCase: true),
            Runs = result.GetRequiredValue(runs),
            Detach = result.GetValue(detach),
        }));
        return command;
    }

    private static Command Validate(ConsoleApp app)
    {
        var (spec, sets) = (Spec(), Sets());
        var command = new Command("validate", "Checks a spec and the data it names, and says what a run of it would be. Starts nothing.") { spec, sets };
        command.SetAction(result => app.Validate(result.GetRequiredValue(spec), result.GetValue(sets) ?? []));
        return command;
    }

    private static Command Show(ConsoleApp app)
    {
        var run = new Argument<string>("RUN") { Description = "The run's id, or as much of it as only one has." };
        var (runs, output) = (Runs(), Format());
        var command = new Command("show", "Shows one run: state, losses, metrics, trainers, files.") { run, runs, output };
        command.SetAction(result => app.Show(result.GetRequiredValue(run), result.GetRequiredValue(runs), result.GetValue(output) == "json"));
        return command;
    }

    private static Command List(ConsoleApp app)
    {
        var (runs, output) = (Runs(), Format());
        var command = new Command("ls", "Lists the runs of a run store, newest first.") { runs, output };
        command.SetAction(result => app.List(result.GetRequiredValue(runs), result.GetValue(output) == "json"));
        return command;
    }

    private static int ParseSilos(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int silos) || silos is < 1 or > MaxSilos)
            result.AddError($"--silos: found '{text}', expected 1 to {MaxSilos}.");
        return silos;
    }

    private static Argument<string> Spec() => new("SPEC") { Description = "The spec of the run, a YAML or JSON file." };

    private static Option<string[]> Sets() => new("--set")
    {
        HelpName = "KEY=VALUE",
        Description = "Takes the place of what the spec says, such as train.epochs=20. May be given again and again.",
    };

    private static Option<string> Runs()
    {
        var option = new Option<string>("--runs")
        {
            HelpName = "DIR", Description = "The run store: the directory of all runs.", DefaultValueFactory = _ => "./runs",
        };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Any(token => string.IsNullOrWhiteSpace(token.Value)))
                result.AddError($"--runs: found '{result.Tokens[0].Value}', expected a directory.");
        });
        return option;
    }

    private static Option<string> Format()
    {
        var option = new Option<string>("--output") { HelpName = "text|json", Description = "How to write it.", DefaultValueFactory = _ => "text" };
        option.AcceptOnlyFromAmong("text", "json");
        return option;
    }
}

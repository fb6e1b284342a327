using System.CommandLine;
using Orleans.Tbptt.Client.Completion;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Extend;
using Orleans.Tbptt.Client.Specs;
using Orleans.Tbptt.Client.Submit;
using Orleans.Tbptt.Client.Train;

namespace Orleans.Tbptt.Client.CommandLine;

/// <summary>Commands that take a spec.</summary>
internal static class TrainingCommands
{
    private const int MaxPriority = 100;

    /// <summary><c>tbptt train</c>.</summary>
    public static Command Train(ConsoleContext context)
    {
        var (spec, training) = (CommonOptions.Spec(), new NewRunOptions("'tbptt submit' submits to a cluster and returns"));
        var command = new Command(
            "train",
            """
            Trains a spec on local silo processes started for it, or on an existing cluster with --cluster.
            Ctrl-C stops the run, and 'tbptt resume' continues it; with --cluster Ctrl-C detaches, and the run continues.

            Examples:
              tbptt train wave.yaml
              tbptt train wave.yaml --silos 3 --set train.trainers=6 --set seed=2
              tbptt train wave.yaml --detach --runs /data/runs
              tbptt train wave.yaml --cluster redis:10.0.0.5:6379
            """)
        {
            spec,
        };
        training.AddTo(command);
        command.SetAction(result => TrainCommand.RunAsync(context, training.Read(result, result.GetRequiredValue(spec))));
        return command;
    }

    /// <summary><c>tbptt extend</c>.</summary>
    public static Command Extend(ConsoleContext context)
    {
        var (run, training) = (CommonOptions.Run(), new NewRunOptions("Ctrl-C detaches from a run on a cluster"));
        var data = new Option<string?>("--data")
        {
            HelpName = "FILE", Description = "The data that grew, or a glob of them. Default: where the run's data were.",
            CompletionSources = { Suggestions.Files(".csv", ".jsonl", ".txt") },
        };
        var replay = CommonOptions.Integer(
            "--replay", "Chunks before the new part to train on again, from hidden state zero. Default 0: the new part alone, from the "
            + "hidden state at the run's end.", 0, int.MaxValue);
        var scaling = new Option<string>("--scaling")
        {
            HelpName = "frozen|refit",
            Description = "frozen: columns are scaled as the run scaled them; refit: anew, by all rows to train on.",
            DefaultValueFactory = _ => "frozen",
        };
        var follow = new Option<bool>("--follow")
        {
            Description = "Wait for further rows, and train on each once as they are appended, a whole chunk at a time; nothing is held "
                + "out.",
        };
        var idle = CommonOptions.Integer(
            "--until-idle", "With --follow: seconds without anything new in the file after which the run has completed. Default: it ends "
            + "when it is stopped.", 1, int.MaxValue);
        var command = new Command(
            "extend",
            """
            Trains a run that has completed further on data that grew since: a new run begins with its parameters, optimizer, scaling and
            hidden state, and trains one epoch on what was appended. Refused where the data no longer begin with those of the run.

            Examples:
              tbptt extend wave-20260314-150926-1a2b
              tbptt extend wave-7 --data wave-april.csv --replay 20
              tbptt extend wave-7 --set train.optimizer.lr=1e-4 --id wave-8
              tbptt extend wave-7 --follow --until-idle 600
            """)
        {
            run, data, replay, scaling.OneOf("frozen", "refit"), follow, idle,
        };
        training.AddTo(command);
        command.SetAction(result => ExtendCommand.RunAsync(context, new()
        {
            Run = result.GetRequiredValue(run),
            Data = result.GetValue(data),
            Replay = result.GetValue(replay) ?? 0,
            Refits = result.GetValue(scaling) == "refit",
            Follows = result.GetValue(follow),
            IdleSeconds = result.GetValue(idle) ?? 0,
            Train = training.Read(result),
        }));
        return command;
    }

    /// <summary><c>tbptt submit</c>.</summary>
    public static Command Submit(ConsoleContext context)
    {
        var (spec, sets, cluster) = (CommonOptions.Spec(), CommonOptions.Overrides(), new ClusterOptions());
        var id = CommonOptions.Id(
            "Run ID. Submitting the same ID and spec again returns the existing run; a different spec is refused. "
            + "Default: the spec's name and the time.");
        var priority =
            CommonOptions.Integer("--priority", "Priority in the queue for slots, higher first; default 0.", -MaxPriority, MaxPriority);
        var command = new Command(
            "submit",
            """
            Submits a run to a cluster, prints how to attach to it, and returns. Data paths are paths on the silos' machines.

            Examples:
              tbptt submit wave.yaml
              tbptt submit wave.yaml --id wave-7 --priority 10 --cluster redis:10.0.0.5:6379
            """)
        {
            spec, id, priority, sets,
        };
        cluster.AddTo(command);
        command.SetAction(result => SubmitCommand.RunAsync(context, new()
        {
            Spec = result.GetRequiredValue(spec),
            Sets = result.GetValue(sets) ?? [],
            Cluster = cluster.Read(result),
            Id = result.GetValue(id),
            Priority = result.GetValue(priority) ?? 0,
        }));
        return command;
    }

    /// <summary><c>tbptt data</c>.</summary>
    public static Command Data(ConsoleContext context)
    {
        var (spec, sets, format) = (CommonOptions.Spec(), CommonOptions.Overrides(), CommonOptions.Format());
        var plot = new Option<string?>("--plot")
        {
            HelpName = "FILE.png",
            Description = "Draw each column over time, with the border of what is held out, and its histogram.",
            CompletionSources = { Suggestions.Files(".png") },
        };
        var force = new Option<bool>("--force") { Description = "Overwrite a file that exists." };
        var command = new Command(
            "data",
            """
            Reads the data of a spec and prints what was read: inputs and targets by name, columns left out and why, the parts that are
            trained on and held out, statistics of each column, files and their hashes, and how the lanes are filled. Starts nothing.

            Examples:
              tbptt data wave.yaml
              tbptt data wave.yaml --output json
              tbptt data wave.yaml --plot wave.png
            """)
        {
            spec, sets, format, plot, force,
        };
        command.SetAction(result => DataCommand.Run(
            context.Checker,
            new(
                result.GetRequiredValue(spec), result.GetValue(sets) ?? [], result.GetValue(format) == "json", result.GetValue(plot),
                result.GetValue(force)),
            context.Terminal));
        return command;
    }

    /// <summary><c>tbptt validate</c>.</summary>
    public static Command Validate(ConsoleContext context)
    {
        var (spec, sets) = (CommonOptions.Spec(), CommonOptions.Overrides());
        var command =
            new Command("validate", "Checks a spec and its data, and prints the sizes of the run. Starts nothing.") { spec, sets };
        command.SetAction(result =>
            ValidateCommand.Run(context.Checker, result.GetRequiredValue(spec), result.GetValue(sets) ?? [], context.Terminal));
        return command;
    }
}

using System.CommandLine;
using Orleans.Tbptt.Client.Completion;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Control;
using Orleans.Tbptt.Client.Doctor;
using Orleans.Tbptt.Client.Export;
using Orleans.Tbptt.Client.Logs;
using Orleans.Tbptt.Client.Look;
using Orleans.Tbptt.Client.Models;

namespace Orleans.Tbptt.Client.CommandLine;

/// <summary>Commands that only read.</summary>
internal static class InspectCommands
{
    /// <summary><c>tbptt ls</c>.</summary>
    public static Command List(ConsoleContext context)
    {
        var (output, cluster) = (CommonOptions.Format(), new ClusterOptions());
        var command = new Command("ls", "Lists the runs of a run store, or of a cluster with --cluster, newest first.") { output };
        cluster.AddTo(command);
        command.SetAction(result => ListCommand.RunAsync(context, cluster.Read(result), result.GetValue(output) == "json"));
        return command;
    }

    /// <summary><c>tbptt show</c>.</summary>
    public static Command Show(ConsoleContext context)
    {
        var (run, output, cluster) = (CommonOptions.Run(), CommonOptions.Format(), new ClusterOptions());
        var command = new Command("show", "Shows one run: state, losses, metrics, trainers with their silos, files.") { run, output };
        cluster.AddTo(command);
        command.SetAction(result =>
            ShowCommand.RunAsync(context, cluster.Read(result), result.GetRequiredValue(run), result.GetValue(output) == "json"));
        return command;
    }

    /// <summary><c>tbptt audit</c>.</summary>
    public static Command Audit(ConsoleContext context)
    {
        var (run, output, cluster) = (CommonOptions.Run(), CommonOptions.Format(), new ClusterOptions());
        var now = new Option<bool>("--now")
        {
            Description = "Have the next step of a run that is being trained computed again, whether or not its spec has audit.",
        };
        var command = new Command(
            "audit",
            """
            Shows what of a run was computed again on another silo and compared (audit.every in the spec): how many steps and tickets, by
            which silos, and which bits were unlike. With --now the next step is computed again, and what was found is printed: exit code 5
            where bits are unlike. No bit of the run changes.

            Examples:
              tbptt audit wave-20260314-150926-1a2b
              tbptt audit wave-20260314-150926-1a2b --now
              tbptt resume wave-20260314-150926-1a2b --set audit.every=100
            """)
        {
            run, now, output,
        };
        cluster.AddTo(command);
        command.SetAction(result =>
        {
            var (selection, name, json) = (cluster.Read(result), result.GetRequiredValue(run), result.GetValue(output) == "json");
            return result.GetValue(now) ? AuditNowCommand.RunAsync(context, selection, name, json)
                : AuditCommand.RunAsync(context, selection, name, json);
        });
        return command;
    }

    /// <summary><c>tbptt logs</c>.</summary>
    public static Command Logs(ConsoleContext context)
    {
        var (run, cluster) = (CommonOptions.Run(), new ClusterOptions());
        var follow = new Option<bool>("--follow", "-f") { Description = "Print new lines until the run has ended." };
        var silo = new Option<string?>("--silo") { HelpName = "NAME", Description = "Only this silo's log, e.g. silo-2." };
        var command = new Command(
            "logs",
            """
            Prints the logs of a run's local silos in order of time. For a run on a standing cluster, or with --cluster, prints
            the run's events as text, without steps.

            Examples:
              tbptt logs wave-20260314-150926-1a2b --follow
              tbptt logs wave-20260314-150926-1a2b --silo silo-2
            """)
        {
            run, follow, silo,
        };
        cluster.AddTo(command);
        command.SetAction(result => LogsCommand.RunAsync(
            context, new(result.GetRequiredValue(run), cluster.Read(result), result.GetValue(follow), result.GetValue(silo))));
        return command;
    }

    /// <summary><c>tbptt metrics</c>.</summary>
    public static Command Metrics(ConsoleContext context)
    {
        var (run, cluster) = (CommonOptions.Run(), new ClusterOptions());
        var csv = new Option<bool>("--csv") { Description = "Print the steps as comma-separated values; empty where not finite." };
        var command = new Command(
            "metrics",
            """
            Prints every event of a run, steps included, each as one line of JSON, as train --output json printed it. Old events are read
            from the run's compressed segments.

            Examples:
              tbptt metrics wave-20260314-150926-1a2b > events.jsonl
              tbptt metrics wave-20260314-150926-1a2b --csv > steps.csv
            """)
        {
            run, csv,
        };
        cluster.AddTo(command);
        command.SetAction(result =>
            MetricsCommand.RunAsync(context, cluster.Read(result), result.GetRequiredValue(run), result.GetValue(csv)));
        return command;
    }

    /// <summary><c>tbptt export</c>.</summary>
    public static Command Export(ConsoleContext context)
    {
        var model = new Argument<string>("MODEL|RUN")
        {
            Description = "The ID of a run, or any unambiguous part of it; for a model's formats also a model package's directory.",
            CompletionSources = { Suggestions.Runs },
        };
        var cluster = new ClusterOptions();
        var format = new Option<string>("--format")
        {
            HelpName = string.Join('|', ExportCommand.Words), Description = "What to write.",
            DefaultValueFactory = _ => ExportCommand.Package,
        }.OneOf([.. ExportCommand.Words]);
        var to = new Option<string?>("--to")
        {
            HelpName = "DIR|FILE",
            Description = "Where to write: a directory, of onnx a file. Default: one with the run's ID, in the working directory.",
            CompletionSources = { Suggestions.Directories },
        };
        var force = new Option<bool>("--force") { Description = "Overwrite files that exist." };
        var from = new Option<string>("--from-state")
        {
            HelpName = "zero|end",
            Description = "Of onnx: the graph's hidden state where none is fed, zeros (what was learned with learnInitialState) or that at "
                + "the end of training.",
            DefaultValueFactory = _ => PredictCommand.Zero,
        }.OneOf(PredictCommand.Zero, PredictCommand.End);
        var command = new Command(
            "export",
            """
            Writes the model of a completed run as a package: parameters, hidden state at the end, configuration with columns, what scales
            them, tokens and spec, and a model card. With --format onnx the same model as one graph, from a table's cells to forecasts in
            its units, with the hidden state as inputs and outputs.

            The other formats are of a run's metrics: csv and parquet have a table of its steps, one of its epochs and one of its epochs'
            figures in the data's own units; tensorboard is an event file with the same numbers.

            Examples:
              tbptt export wave-20260314-150926-1a2b --to wave-model
              tbptt export wave-model --format onnx --to wave.onnx --from-state end
              tbptt export wave-20260314-150926-1a2b --format parquet --to wave
              tbptt export wave-20260314-150926-1a2b --format tensorboard --to boards/wave; tensorboard --logdir boards
            """)
        {
            model, format, to, from, force,
        };
        cluster.AddTo(command);
        command.Validators.Add(result =>
        {
            // Null where it was not given.
            string other = result.GetValue(format) ?? ExportCommand.Package;
            if (result.IsGiven(from) && other != ExportCommand.OnnxGraph)
                result.AddError($"--from-state: found with --format {other}, expected --format {ExportCommand.OnnxGraph}");
        });
        command.SetAction(result => ExportCommand.RunAsync(
            context, cluster.Read(result), result.GetRequiredValue(model), result.GetRequiredValue(format), result.GetValue(to),
            result.GetValue(force), result.GetRequiredValue(from) == PredictCommand.End));
        return command;
    }

    /// <summary><c>tbptt cluster</c>.</summary>
    public static Command Cluster(ConsoleContext context)
    {
        var run = new Argument<string?>("RUN")
        {
            Description = "A run whose cluster to show. Default: the run store's cluster, or that of the only run with local silos.",
            Arity = ArgumentArity.ZeroOrOne,
            CompletionSources = { Suggestions.Runs },
        };
        var (output, cluster) = (CommonOptions.Format(), new ClusterOptions());
        var command = new Command(
            "cluster",
            """
            Lists the silos of a cluster: address, process, version, devices, slots, trainers and coordinators.

            Examples:
              tbptt cluster
              tbptt cluster --cluster redis:10.0.0.5:6379 --cluster-id lab
            """)
        {
            run, output,
        };
        cluster.AddTo(command);
        command.SetAction(result =>
            ClusterCommand.RunAsync(context, cluster.Read(result), result.GetValue(run), result.GetValue(output) == "json"));
        return command;
    }

    /// <summary><c>tbptt doctor</c>.</summary>
    public static Command Doctor(ConsoleContext context)
    {
        var (output, cluster) = (CommonOptions.Format(), new ClusterOptions());
        var command = new Command(
            "doctor",
            """
            Looks at what training depends on: processor, memory and their limits, engines and GPUs, addresses and ports, the run store's
            room, speed and clock; with --cluster also its silos' versions, slots, ports and clocks. For each: ok, warning or problem, what
            was found and what to do. Exits 1 where there is a problem.

            Examples:
              tbptt doctor
              tbptt doctor --runs /shared/runs --cluster redis:10.0.0.5:6379
            """)
        {
            output,
        };
        cluster.AddTo(command);
        command.SetAction(result => DoctorCommand.RunAsync(context, cluster.Read(result), result.GetValue(output) == "json"));
        return command;
    }
}

using System.CommandLine;
using Orleans.Tbptt.Client.Completion;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Sweeps;

namespace Orleans.Tbptt.Client.CommandLine;

/// <summary>Commands for sweeps; show, attach, wait, stop and resume take a sweep where they take a run.</summary>
internal static class SweepCommands
{
    private const int MaxPriority = 100;

    /// <summary><c>tbptt sweep</c>.</summary>
    public static Command Sweep(ConsoleContext context)
    {
        var sweep = new Argument<string>("SWEEP")
        {
            Description = "Sweep: a YAML or JSON file.", CompletionSources = { Suggestions.Files(".yaml", ".yml", ".json") },
        };
        var (sets, output, cluster) = (CommonOptions.Overrides(), CommonOptions.Summary(), new ClusterOptions());
        var silos = CommonOptions.Silos("Silo processes to start; default 1.");
        var id = CommonOptions.Id("Sweep ID, which no other sweep and no run of the run store may have. Default: its name and the time.");
        var detach = new Option<bool>("--detach")
        {
            Description = "Return when the sweep has been submitted; silos that were started for it end when it has ended.",
        };
        var priority = CommonOptions.Integer(
            "--priority", "Priority of its runs in the queue for slots, higher first; default 0.", -MaxPriority, MaxPriority);
        var command = new Command(
            "sweep",
            """
            Trains a spec with many values of its keys, and finds the best: all combinations, random ones, or those that promise most; with
            halving, bad trials end early. Decisions follow from the sweep and the results alone, in whatever order trials end: the same
            sweep gives the same trials and the same bits, whatever is killed. A trial that a run has computed before is not computed again.
            Ctrl-C stops the sweep, and 'tbptt resume' continues it; with --cluster Ctrl-C detaches, and the sweep continues.

            Examples:
              tbptt sweep wave-sweep.yaml
              tbptt sweep wave-sweep.yaml --silos 2 --set train.epochs=27
              tbptt sweep wave-sweep.yaml --id wave-lr --detach
              tbptt sweep wave-sweep.yaml --cluster redis:10.0.0.5:6379
            """)
        {
            sweep, id, silos, priority, detach, sets, output,
        };
        cluster.AddTo(command);
        cluster.Excludes(command, silos, "a cluster's silos are already running");
        command.SetAction(result => SweepCommand.RunAsync(context, new()
        {
            Sweep = result.GetRequiredValue(sweep),
            Sets = result.GetValue(sets) ?? [],
            Silos = result.GetValue(silos) ?? 1,
            Output = result.Mode(output),
            Cluster = cluster.Read(result),
            Id = result.GetValue(id),
            Detach = result.GetValue(detach),
            Priority = result.GetValue(priority) ?? 0,
        }));
        return command;
    }

    /// <summary><c>tbptt sweeps</c>.</summary>
    public static Command List(ConsoleContext context)
    {
        var (output, cluster) = (CommonOptions.Format(), new ClusterOptions());
        var command = new Command("sweeps", "Lists the sweeps of a run store, or of a cluster with --cluster, newest first.") { output };
        cluster.AddTo(command);
        command.SetAction(result => SweepVerbs.ListAsync(context, cluster.Read(result), result.GetValue(output) == "json"));
        return command;
    }
}

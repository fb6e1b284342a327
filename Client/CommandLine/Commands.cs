using System.CommandLine;
using Orleans.Tbptt.Client.Context;

namespace Orleans.Tbptt.Client.CommandLine;

/// <summary>The command line's grammar and help.</summary>
internal static class Commands
{
    /// <summary>Builds all commands.</summary>
    public static RootCommand Build(ConsoleContext context)
    {
        var root = Root(context);
        // A flag has no value: with the default arity, a shell would be offered True and False after it, and no argument.
        foreach (var flag in root.Subcommands.SelectMany(command => command.Options).Where(option => option is Option<bool>))
            flag.Arity = ArgumentArity.Zero;
        // Where no name is given, help lists what the argument can be completed to in its place: files of the working directory.
        foreach (var argument in root.Subcommands.SelectMany(command => command.Arguments))
            argument.HelpName = argument.Name;
        return root;
    }

    private static RootCommand Root(ConsoleContext context) => new(
        """
        Trains recurrent networks by truncated backpropagation through time, on one machine or a cluster.

        Examples:
          tbptt init wave.csv
          tbptt validate wave.yaml
          tbptt data wave.yaml
          tbptt train wave.yaml --silos 3 --set train.epochs=20
          tbptt train wave.yaml --output json > events.jsonl
          tbptt ls
          tbptt resume wave-20260314-150926-1a2b
          tbptt submit wave.yaml --cluster redis:10.0.0.5:6379

        Exit codes: 0 completed, 1 failed or not possible, 2 usage, 3 stopped, 4 diverged, 5 not equal (verify, bisect), 65 bad spec or
        data, 69 cluster unreachable or of a different version, 124 timeout, 129 terminal closed, 130 Ctrl-C, 141 reader of the output
        gone, 143 SIGTERM.
        """)
    {
        context.Telemetry.Option,
        SetupCommands.Init(context),
        TrainingCommands.Train(context),
        TrainingCommands.Submit(context),
        TrainingCommands.Extend(context),
        SweepCommands.Sweep(context),
        TrainingCommands.Validate(context),
        TrainingCommands.Data(context),
        ControlCommands.Attach(context),
        ControlCommands.Wait(context),
        ControlCommands.Stop(context),
        ControlCommands.Pause(context),
        ControlCommands.Resize(context),
        ControlCommands.Resume(context),
        InspectCommands.List(context),
        SweepCommands.List(context),
        InspectCommands.Show(context),
        InspectCommands.Audit(context),
        InspectCommands.Logs(context),
        InspectCommands.Metrics(context),
        InspectCommands.Export(context),
        TravelCommands.At(context),
        TravelCommands.Fork(context),
        TravelCommands.Explain(context),
        ModelCommands.Predict(context),
        ModelCommands.Evaluate(context),
        ModelCommands.Backtest(context),
        ModelCommands.Sample(context),
        ServeCommands.Serve(context),
        ExactnessCommands.Verify(context),
        ExactnessCommands.Bisect(context),
        InspectCommands.Cluster(context),
        InspectCommands.Doctor(context),
        SetupCommands.Schema(context),
        SetupCommands.Completion(context),
        SetupCommands.Man(context),
    };
}

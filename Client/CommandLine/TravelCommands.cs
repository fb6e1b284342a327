using System.CommandLine;
using Orleans.Tbptt.Client.Completion;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Travel;

namespace Orleans.Tbptt.Client.CommandLine;

/// <summary>Commands that compute any state of a run again.</summary>
internal static class TravelCommands
{
    /// <summary><c>tbptt at</c>.</summary>
    public static Command At(ConsoleContext context)
    {
        var (run, step, output, runs) = (
            CommonOptions.Run(), CommonOptions.Step("--step", "The committed steps of the state, from 0. Default: those of the last step."),
            CommonOptions.Format(), CommonOptions.RunStore());
        var export = new Option<string?>("--export")
        {
            HelpName = "DIR",
            Description = "Write the state: a model package, which predict, evaluate and export take, and optimizer and hidden state as "
                + "in a checkpoint.",
            CompletionSources = { Suggestions.Directories },
        };
        var force = new Option<bool>("--force") { Description = "Overwrite files that exist." };
        var command = new Command(
            "at",
            """
            Computes any state that a run had again, to the bit: from the newest whole checkpoint before it, or from what the run began
            with. Compares the step with what the run published, and exits 1 where they differ. The run may be trained meanwhile.

            Examples:
              tbptt at wave-20260314-150926-1a2b --step 300
              tbptt at wave-20260314-150926-1a2b --step 300 --export wave-300; tbptt predict wave-300 wave.csv
            """)
        {
            run, step, export, force, output, runs,
        };
        command.SetAction(result => AtCommand.RunAsync(
            context, new(
                result.GetRequiredValue(run), result.GetRequiredValue(runs), result.GetValue(step), result.GetValue(export),
                result.GetValue(force), result.GetValue(output) == "json")));
        return command;
    }

    /// <summary><c>tbptt fork</c>.</summary>
    public static Command Fork(ConsoleContext context)
    {
        var (run, at, training) = (
            CommonOptions.Run(), CommonOptions.Step("--at", "The committed steps of the state that the new run begins with, from 0."),
            new NewRunOptions("Ctrl-C detaches from a run on a cluster"));
        at.Required = true;
        training.Sets.Description = "Changes a key of the run's spec, e.g. train.optimizer.lr=1e-4. Repeatable.";
        var command = new Command(
            "fork",
            """
            Trains a new run from any state of another one on: parameters, optimizer, hidden state and place in the data are that run's
            after the step, to the bit, so that only the changes make a difference. Keys that would change the state itself, or the plan
            of its data, are refused.

            Examples:
              tbptt fork wave-7 --at 300 --set train.optimizer.lr=1e-4
              tbptt fork wave-7 --at 300 --set train.clipNorm=0.5 --id wave-7-clipped --cluster redis:10.0.0.5:6379
            """)
        {
            run, at,
        };
        training.AddTo(command);
        command.SetAction(result => ForkCommand.RunAsync(
            context, result.GetRequiredValue(run), result.GetRequiredValue(at)!.Value, training.Read(result)));
        return command;
    }

    /// <summary><c>tbptt explain</c>.</summary>
    public static Command Explain(ConsoleContext context)
    {
        const int Default = 5, Most = 1_000;
        var (run, step, output, runs) = (
            CommonOptions.Run(), CommonOptions.Step("--step", "The step, from 1; also the one with which the run diverged."),
            CommonOptions.Format(), CommonOptions.RunStore());
        step.Required = true;
        var around = CommonOptions.Integer(
            "--around", $"Steps before it, and as many behind it, that it is compared with. Default {Default}.", 0, Most);
        var command = new Command(
            "explain",
            """
            Finds what is behind a step's loss and gradient: computes the step again lane by lane, compares it with the steps around it,
            takes the chunks of the lanes with the largest parts apart, and names the rows of the data, and how far back the gradient
            comes from.

            Examples:
              tbptt explain wave-20260314-150926-1a2b --step 300
              tbptt explain wave-20260314-150926-1a2b --step 300 --around 20 --output json
            """)
        {
            run, step, around, output, runs,
        };
        command.SetAction(result => ExplainCommand.Run(context, new(
            result.GetRequiredValue(run), result.GetRequiredValue(runs), result.GetRequiredValue(step)!.Value,
            result.GetValue(around) ?? Default, result.GetValue(output) == "json")));
        return command;
    }
}

using System.CommandLine;
using System.Globalization;
using Orleans.Tbptt.Client.Attach;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Control;

namespace Orleans.Tbptt.Client.CommandLine;

/// <summary>Commands that follow or control a run.</summary>
internal static class ControlCommands
{
    /// <summary><c>tbptt attach</c>.</summary>
    public static Command Attach(ConsoleContext context)
    {
        var (run, output, cluster) = (CommonOptions.Run(), CommonOptions.Output(), new ClusterOptions());
        var fromNow = new Option<bool>("--from-now") { Description = "Skip the events so far." };
        var command = new Command(
            "attach",
            """
            Shows a run from its first event to its end; the exit code is the run's outcome. Ctrl-C detaches; the run continues. Of a sweep
            it prints a line for each figure that a trial reaches, and a table at the end.

            Examples:
              tbptt attach wave-20260314-150926-1a2b
              tbptt attach wave-7 --from-now --cluster redis:10.0.0.5:6379
            """)
        {
            run, output, fromNow,
        };
        cluster.AddTo(command);
        command.SetAction(result => AttachCommand.RunAsync(
            context, cluster.Read(result), result.GetRequiredValue(run), result.Mode(output), result.GetValue(fromNow)));
        return command;
    }

    /// <summary><c>tbptt wait</c>.</summary>
    public static Command Wait(ConsoleContext context)
    {
        var (run, cluster) = (CommonOptions.Run(), new ClusterOptions());
        var timeout = new Option<TimeSpan?>("--timeout")
        {
            HelpName = "SECONDS",
            Description = "Give up after this time, with exit code 124. Default: no limit.",
            CustomParser = result =>
            {
                string text = result.Tokens[0].Value;
                if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds)
                    && seconds <= 4_000_000)
                    return TimeSpan.FromSeconds(seconds);
                result.AddError($"--timeout: found '{text}', expected seconds, 4000000 at most.");
                return null;
            },
        };
        var command = new Command(
            "wait",
            """
            Waits until a run or a sweep ends and prints its outcome in one line. The exit code is that of the outcome.

            Example:
              tbptt wait wave-7 --timeout 3600 && ./publish.sh
            """)
        {
            run, timeout,
        };
        cluster.AddTo(command);
        command.SetAction(result =>
            WaitCommand.RunAsync(context, cluster.Read(result), result.GetRequiredValue(run), result.GetValue(timeout)));
        return command;
    }

    /// <summary><c>tbptt stop</c>.</summary>
    public static Command Stop(ConsoleContext context)
    {
        var (run, cluster) = (CommonOptions.Run(), new ClusterOptions());
        var command = new Command("stop", "Stops a run at its last committed step. 'tbptt resume' continues it.") { run };
        cluster.AddTo(command);
        command.SetAction(result => StopCommand.RunAsync(context, cluster.Read(result), result.GetRequiredValue(run)));
        return command;
    }

    /// <summary><c>tbptt pause</c>.</summary>
    public static Command Pause(ConsoleContext context)
    {
        var (run, cluster) = (CommonOptions.Run(), new ClusterOptions());
        var command =
            new Command("pause",
                "Saves a run's state after the step in flight and frees its slots, until 'tbptt resume'. The result does not change " +
                "by a bit.") { run };
        cluster.AddTo(command);
        command.SetAction(result => PauseCommand.RunAsync(context, cluster.Read(result), result.GetRequiredValue(run)));
        return command;
    }

    /// <summary><c>tbptt resize</c>.</summary>
    public static Command Resize(ConsoleContext context)
    {
        var (run, cluster) = (CommonOptions.Run(), new ClusterOptions());
        var trainers = CommonOptions.Integer("--trainers", "How many trainers the run shall have: 1 to its train.shards.", 1, 1_000_000);
        trainers.Required = true;
        var command = new Command(
            "resize",
            """
            Changes the number of trainers of a run while it is trained. No step is lost, and the result does not change by a bit, because
            gradients are summed by shards. Further trainers take free slots.

            Example:
              tbptt resize wave-20260314-150926-1a2b --trainers 4
            """)
        {
            run, trainers,
        };
        cluster.AddTo(command);
        command.SetAction(result => ResizeCommand.RunAsync(
            context, cluster.Read(result), result.GetRequiredValue(run), result.GetValue(trainers)!.Value));
        return command;
    }

    /// <summary><c>tbptt resume</c>.</summary>
    public static Command Resume(ConsoleContext context)
    {
        var (run, output, cluster) = (CommonOptions.Run(), CommonOptions.Output(), new ClusterOptions());
        var trainers = CommonOptions.Integer(
            "--trainers",
            "Continue with a different number of trainers. Up to the run's train.shards the result is the same to the bit; with more, "
            + "there will be as many shards, and it matches within rounding; with train.sync.mode local it differs then.",
            1, 1_000_000);
        var fromStart = new Option<bool>("--from-start") { Description = "Restart at step 0 if none of the run's checkpoints is intact." };
        var silos = CommonOptions.Silos("Silo processes to start if no silo of the run is alive; default 1.");
        var sets = CommonOptions.Overrides();
        sets.Description = "Changes train.epochs, train.output (last or best), extends.idleSeconds, speculate, or a key of "
            + "train.earlyStopping, "
            + "train.autoscale, limits, audit, checkpoint or metrics. Repeatable. With more epochs, or more "
            + "patience, a completed run trains further, to the bits of a run that had them from the start.";
        var command = new Command(
            "resume",
            """
            Continues a paused, stopped, failed or interrupted run from its newest checkpoint, with the same bits as an uninterrupted
            run. If no silo of the run is alive, starts silos and shows the run until it ends, as 'tbptt train' does.

            Examples:
              tbptt resume wave-20260314-150926-1a2b
              tbptt resume wave-20260314-150926-1a2b --silos 3
              tbptt resume wave-20260314-150926-1a2b --set train.epochs=20
              tbptt resume wave-7 --trainers 4 --cluster redis:10.0.0.5:6379
            """)
        {
            run, sets, trainers, fromStart, silos, output,
        };
        cluster.AddTo(command);
        cluster.Excludes(command, silos, "a cluster's silos are already running");
        command.SetAction(result => ResumeCommand.RunAsync(context, new()
        {
            Run = result.GetRequiredValue(run),
            Cluster = cluster.Read(result),
            Trainers = result.GetValue(trainers),
            Sets = result.GetValue(sets) ?? [],
            FromStart = result.GetValue(fromStart),
            Silos = result.GetValue(silos),
            Output = result.Mode(output),
        }));
        return command;
    }
}

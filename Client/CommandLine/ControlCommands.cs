using System.CommandLine;
using System.Globalization;
using Orleans.Tbptt.Client.Attach;
using Orleans.Tbptt.Client.Control;

namespace Orleans.Tbptt.Client.CommandLine;

/// <summary>Commands about a run that goes on, or shall.</summary>
internal static class ControlCommands
{
    /// <summary><c>tbptt attach</c>.</summary>
    public static Command Attach(ConsoleContext context)
    {
        var (run, output, cluster) = (CommonOptions.Run(), CommonOptions.Output(), new ClusterOptions());
        var fromNow = new Option<bool>("--from-now") { Description = "Leave out the events so far." };
        var command = new Command(
            "attach",
            """
            Shows a run from its first event to its end; the exit code is the run's outcome. Ctrl-C detaches: the run goes on.

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
            Description = "Give up after this long, with exit code 124. Default: never.",
            CustomParser = result =>
            {
                string text = result.Tokens[0].Value;
                if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds) && seconds <= 4_000_000)
                    return TimeSpan.FromSeconds(seconds);
                result.AddError($"--timeout: found '{text}', expected seconds, 4000000 at most.");
                return null;
            },
        };
        var command = new Command(
            "wait",
            """
            Waits until a run has ended, and says in one line how. The exit code is the run's outcome.

            Example:
              tbptt wait wave-7 --timeout 3600 && ./publish.sh
            """)
        {
            run, timeout,
        };
        cluster.AddTo(command);
        command.SetAction(result => WaitCommand.RunAsync(context, cluster.Read(result), result.GetRequiredValue(run), result.GetValue(timeout)));
        return command;
    }

    /// <summary><c>tbptt stop</c>.</summary>
    public static Command Stop(ConsoleContext context)
    {
        var (run, cluster) = (CommonOptions.Run(), new ClusterOptions());
        var command = new Command("stop", "Ends a run at its last committed step. 'tbptt resume' goes on with it.") { run };
        cluster.AddTo(command);
        command.SetAction(result => StopCommand.RunAsync(context, cluster.Read(result), result.GetRequiredValue(run)));
        return command;
    }

    /// <summary><c>tbptt pause</c>.</summary>
    public static Command Pause(ConsoleContext context)
    {
        var (run, cluster) = (CommonOptions.Run(), new ClusterOptions());
        var command = new Command("pause", "Writes a run's state down after the step in flight and frees its slots, until 'tbptt resume'. The result stays the same, to the bit.") { run };
        cluster.AddTo(command);
        command.SetAction(result => PauseCommand.RunAsync(context, cluster.Read(result), result.GetRequiredValue(run)));
        return command;
    }

    /// <summary><c>tbptt resume</c>.</summary>
    public static Command Resume(ConsoleContext context)
    {
        var (run, output, cluster) = (CommonOptions.Run(), CommonOptions.Output(), new ClusterOptions());
        var trainers = CommonOptions.Whole(
            "--trainers",
            "Divide the lanes, with their hidden state, among another number of trainers: the same result within rounding, not to the bit; with train.sync.mode local, or train.wire bfloat16-feedback, another one.",
            1, 1_000_000);
        var fromStart = new Option<bool>("--from-start") { Description = "Begin again at step 0 where none of the run's checkpoints is whole." };
        var silos = CommonOptions.Silos("Silo processes to start where no cluster of the run is alive; default 1.");
        var command = new Command(
            "resume",
            """
            Goes on with a run that was paused, stopped or lost, or that failed, from its newest checkpoint: the same bits as if nothing had been.
            Where no cluster of the run is alive, silos are started for it and the run is watched to its end, as 'tbptt train' does.

            Examples:
              tbptt resume wave-20260314-150926-1a2b
              tbptt resume wave-20260314-150926-1a2b --silos 3
              tbptt resume wave-7 --trainers 4 --cluster redis:10.0.0.5:6379
            """)
        {
            run, trainers, fromStart, silos, output,
        };
        cluster.AddTo(command);
        cluster.Excludes(command, silos, "a cluster's silos are there already");
        command.SetAction(result => ResumeCommand.RunAsync(context, new()
        {
            Run = result.GetRequiredValue(run),
            Cluster = cluster.Read(result),
            Trainers = result.GetValue(trainers),
            FromStart = result.GetValue(fromStart),
            Silos = result.GetValue(silos),
            Output = result.Mode(output),
        }));
        return command;
    }
}

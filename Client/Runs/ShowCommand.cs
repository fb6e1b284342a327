using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Runs;

/// <summary><c>tbptt show</c>: one run, as its files tell it.</summary>
internal static class ShowCommand
{
    /// <summary>Writes the details.</summary>
    /// <exception cref="ClientException">There is no such run.</exception>
    public static int Run(string root, string name, bool json, Terminal terminal, TimeProvider time)
    {
        var run = new RunFiles(root, time).Find(name);
        if (json)
            terminal.Out.WriteLine(run.ToJson().ToJsonString(ListCommand.Json));
        else
            Write(run, terminal.Out, time.GetUtcNow());
        return ExitCode.Completed;
    }

    private static void Write(StoredRun run, TextWriter output, DateTimeOffset now)
    {
        var status = run.Status;
        void Line(string name, string value) => output.WriteLine($"{name,-12}{Text.OneLine(value)}");
        Line("run", status.Id);
        Line("name", status.Name);
        Line("state", run.State);
        if (status.Message.Length > 0)
            Line("why", status.Message);
        Line("epoch", $"{status.Epoch}/{status.Epochs}");
        Line("step", $"{Text.Count(status.Step)}, {Text.Count(status.EpochStep)} of {Text.Count(status.StepsPerEpoch)} in this epoch");
        if (status.Loss is { } loss)
            Line("loss", Text.Figure(loss));
        foreach (var metric in status.Metrics)
            Line("metric", Text.Figure(metric));
        Line("speed", status.HasEnded
            ? Text.MeanSpeed(status.Step, status.SequenceSteps, run.Seconds(now))
            : Text.Speed(status.StepsPerSecond, status.SequenceStepsPerSecond));
        Line("parameters", Text.Count(status.Parameters));
        Line("started", $"{status.SubmittedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC");
        Line("duration", Text.Duration(run.Seconds(now)));
        Line("generation", $"{status.Generation}");
        WriteEpochs(status, output);
        WriteTrainers(status, output);
        WriteFiles(run.Directory, output);
    }

    private static void WriteEpochs(RunStatus status, TextWriter output)
    {
        if (status.EpochLosses.Count == 0)
            return;
        output.WriteLine();
        var table = new TextTable("EPOCH", "LOSS", "VALIDATION");
        for (int i = 0; i < status.EpochLosses.Count; i++)
            table.Add($"{i + 1}", Text.Figure(status.EpochLosses[i]), i < status.ValidationLosses.Count ? Text.Figure(status.ValidationLosses[i]) : "-");
        table.Write(output);
    }

    private static void WriteTrainers(RunStatus status, TextWriter output)
    {
        if (status.Trainers.Count == 0)
            return;
        output.WriteLine();
        var table = new TextTable("TRAINER", "LANES", "STATE", "DEVICE", "SILO");
        foreach (var trainer in status.Trainers)
            table.Add($"{trainer.Index}", $"{trainer.FirstLane}-{trainer.FirstLane + trainer.Lanes - 1}", Text.State(trainer.State), trainer.Device, trainer.Silo);
        table.Write(output);
    }

    private static void WriteFiles(RunDirectory directory, TextWriter output)
    {
        output.WriteLine();
        output.WriteLine($"files in {directory.Path}");
        foreach (string path in (string[])[directory.Spec, directory.Status, directory.Metrics, directory.Model])
        {
            if (new FileInfo(path) is { Exists: true } file)
                output.WriteLine($"  {file.Name,-20}{Text.Count(file.Length),15} bytes");
        }

        if (Directory.Exists(directory.Logs))
            output.WriteLine($"  {Path.GetFileName(directory.Logs)}/");
    }
}

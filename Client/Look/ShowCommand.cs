using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Runs;
using Orleans.Tbptt.Client.Sweeps;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Look;

/// <summary><c>tbptt show</c>: one run, from its files or its coordinator.</summary>
internal static class ShowCommand
{
    /// <summary>Writes the details.</summary>
    /// <exception cref="ClientException">There is no such run, or the cluster cannot be reached.</exception>
    public static async Task<int> RunAsync(ConsoleContext context, ClusterSelection cluster, string name, bool json)
    {
        if (await SweepVerbs.ShowAsync(context, cluster, name, json) is { } shown)
            return shown;
        var run = await ReadAsync(context, cluster, name);
        var output = context.Terminal.Out;
        if (json)
        {
            output.WriteLine(run.ToJson().ToJsonString(ListCommand.Json));
            return ExitCode.Completed;
        }

        WriteFigures(run, output, cluster);
        WriteEpochs(run.Status, output);
        WriteSeries(run.Status.Metrics, run.Directory.ValidationTable, output);
        WriteSeries(run.Status.Test?.Figures.Metrics ?? [], run.Directory.TestTable, output);
        WriteTrainers(run.Status, output);
        WriteFiles(run.Directory, output);
        return ExitCode.Completed;
    }

    /// <summary>Reads a run from its files or its coordinator.</summary>
    /// <exception cref="ClientException">There is no such run, or the cluster cannot be reached.</exception>
    public static async Task<RunInfo> ReadAsync(ConsoleContext context, ClusterSelection cluster, string name)
    {
        if (!cluster.IsNamed)
            return new RunFiles(cluster.Runs, context.Time).Find(name);
        await using var run = await context.Clusters.FindAsync(cluster, name, CancellationToken.None);
        return run.Info;
    }

    private static void WriteFigures(RunInfo run, TextWriter output, ClusterSelection cluster)
    {
        var status = run.Status;
        void Line(string name, string value) => output.WriteLine($"{name,-12}{Text.OneLine(value)}");
        Line("run", status.Id);
        Line("name", status.Name);
        string resume = $"tbptt resume {status.Id}{cluster.Options}";
        Line("state", run.IsInterrupted ? $"{run.State}; {resume}" : run.State);
        // Of an interrupted run, the message says what it waited for.
        if (status.Message.Length > 0 && !run.IsInterrupted)
            Line("why", status.Message);
        if (run.IsResumable && !run.IsInterrupted)
            Line("continue", resume);
        if (status.Warning.Length > 0)
            Line("WARNING", status.Warning);
        if (status.Audit is { } audit)
        {
            Line("audited", AuditCommand.Line(audit));
            foreach (var finding in audit.Findings)
                Line("UNLIKE", finding.Words);
        }

        if (status.Priority != 0)
            Line("priority", $"{status.Priority}");
        if (status.Cluster.Length > 0)
            Line("cluster", status.Cluster);
        if (status.Fork is { } fork)
            Line("fork of", fork.ToString());
        if (status.Data.Length > 0)
            Line("data", status.Data);
        Line("epoch", $"{status.Epoch}/{status.Epochs}");
        Line("step", $"{Text.Count(status.Step)}, {Text.Count(status.EpochStep)} of {Text.Count(status.StepsPerEpoch)} in this epoch");
        if (status.State != RunState.Completed)
            Line("checkpoint", status.CheckpointStep is { } checkpoint ? $"step {Text.Count(checkpoint)}" : "none yet");
        if (status is { HasEnded: false, Loss: { } stepLoss })
            Line("step loss", Text.Figure(stepLoss));
        if (status.LastEpochLoss is { } epochLoss)
            Line("epoch loss", $"{Text.Figure(epochLoss)}, epoch {status.EpochLosses.Count}");
        if (status.ValidationLosses.Count > 0)
            Line("validation", Validation(status));
        if (status.Output is { } model)
            Line("model", model.Words);
        Figures(status.HeldOut, status.Metrics);
        if (status.Test is { } test)
        {
            Line("test", $"{Text.Figure(test.Figures.Loss)}, step {Text.Count(test.Step)}");
            Figures(test.Figures.Size, test.Figures.Metrics);
        }

        Line("speed", status.HasEnded
            ? Text.MeanSpeed(status.OwnSteps, status.SequenceSteps, run.Seconds)
            : Text.Speed(status.StepsPerSecond, status.SequenceStepsPerSecond));
        if (status.Engine.Length > 0)
            Line("engine", status.Engine);
        Line("parameters", Text.Count(status.Parameters));
        Line("started", $"{status.SubmittedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC");
        Line("duration", Text.Duration(run.Seconds));
        Line("generation", $"{status.Generation}");
        var notes = run.ReadNotes();
        if (notes.Tags.Count > 0)
            Line("tags", string.Join(' ', notes.Tags));
        foreach (string line in notes.Text.Length > 0 ? notes.Text.Split('\n') : [])
            Line("note", line);

        void Figures(HeldOutSize? size, IReadOnlyList<Metric> metrics)
        {
            if (size is not null)
                Line("held out", Text.Size(size));
            foreach (var metric in metrics.Where(metric => metric.Series is null))
                Line("metric", Text.Figure(metric));
        }
    }

    private static string Validation(RunStatus status)
    {
        var losses = status.ValidationLosses;
        string last = $"{Text.Figure(losses[^1])}, epoch {losses.Count}";
        return status.BestValidationLoss is { } best
            ? $"{last}; best {Text.Figure(best)}, epoch {losses.ToList().IndexOf(best) + 1}"
            : last;
    }

    private static void WriteEpochs(RunStatus status, TextWriter output)
    {
        if (status.EpochLosses.Count == 0)
            return;
        output.WriteLine();
        var table = new TextTable("EPOCH", "LOSS", "VALIDATION");
        for (int i = 0; i < status.EpochLosses.Count; i++)
            table.Add($"{i + 1}", Text.Figure(status.EpochLosses[i]), i < status.ValidationLosses.Count
                ? Text.Figure(status.ValidationLosses[i]) : "-");
        table.Write(output);
    }

    /// <summary>The figures of single series: of many, the series with the largest and the smallest errors.</summary>
    private static void WriteSeries(IReadOnlyList<Metric> metrics, string table, TextWriter output)
    {
        var figures = new MetricTable(metrics.Where(metric => metric.Series is not null));
        if (figures.Rows.Count == 0)
            return;
        output.WriteLine();
        if (File.Exists(table))
            output.WriteLine($"the series with the largest and the smallest errors; all are in {Path.GetFileName(table)}");
        var rows = new TextTable(["SERIES", "TARGET", "ELEMENTS", .. figures.Names.Select(name => name.ToUpperInvariant())]);
        foreach (var row in figures.Rows)
            rows.Add([row.Series!, row.Target, Text.Count(row.Count), .. row.Figures]);
        rows.Write(output);
    }

    private static void WriteTrainers(RunStatus status, TextWriter output)
    {
        if (status.Trainers.Count == 0)
            return;
        output.WriteLine();
        var table = new TextTable("TRAINER", "SHARDS", "LANES", "STATE", "DEVICE", "PLACE", "SILO");
        foreach (var trainer in status.Trainers)
            table.Add($"{trainer.Index}", TrainerTable.Shards(trainer), TrainerTable.Lanes(trainer), Text.State(trainer.State),
                TrainerTable.Device(trainer),
                $"{trainer.Place}", trainer.Silo);
        table.Write(output);
    }

    /// <summary>The files of the run; only their directory where a cluster's files are not on this machine.</summary>
    private static void WriteFiles(RunDirectory directory, TextWriter output)
    {
        output.WriteLine();
        output.WriteLine($"files in {directory.Path}");
        foreach (string path in (string[])[
            directory.Spec, directory.Data, directory.Status, directory.Metrics, directory.ValidationTable, directory.TestTable,
            directory.Model, directory.Hidden])
        {
            if (new FileInfo(path) is { Exists: true } file)
                output.WriteLine($"  {file.Name,-20}{Text.Count(file.Length),15} bytes");
        }

        foreach (string path in (string[])[directory.Segments, directory.Package, directory.Checkpoints, directory.Logs])
        {
            if (Directory.Exists(path))
                output.WriteLine($"  {Path.GetFileName(path)}/");
        }
    }
}

using Orleans.Tbptt.Client.Plots;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Descriptions;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Specs;

/// <summary>What <c>tbptt data</c> was asked for.</summary>
/// <param name="Spec">The spec's file.</param>
/// <param name="Sets">Values that replace the spec's.</param>
/// <param name="Json">Whether JSON is printed.</param>
/// <param name="Plot">The file that receives a plot; null for none.</param>
/// <param name="Force">Whether a file that exists is replaced.</param>
internal sealed record DataRequest(string Spec, IReadOnlyList<string> Sets, bool Json, string? Plot, bool Force);

/// <summary><c>tbptt data</c>: prints what a spec reads, column by column. Starts nothing.</summary>
internal static class DataCommand
{
    private const int ShownClasses = 40;

    /// <summary>Reads the data, and writes what was found.</summary>
    /// <exception cref="Orleans.Tbptt.Specs.SpecException">The spec or its data have problems.</exception>
    /// <exception cref="ClientException">The file of the plot exists or cannot be written.</exception>
    public static int Run(ISpecChecker checker, DataRequest request, Terminal terminal)
    {
        var (path, sets, json, plot, force) = request;
        if (plot is not null && !force && Path.Exists(plot))
        {
            throw new ClientException(
                $"{Text.OneLine(plot)}: found an existing file, expected none; --force overwrites it, or name another", ExitCode.Failed);
        }

        var read = checker.Check(path, sets, fingerprint: true);
        if (plot is not null)
            DataPlot.Draw(read.Spec, plot, force);
        if (json)
            terminal.Out.WriteLine(RunJson.Write(read.Data));
        else
            Write(read.Data, terminal.Out);
        if (plot is not null)
            terminal.Error.WriteLine($"wrote {Text.OneLine(plot)}");
        return ExitCode.Completed;
    }

    /// <summary>The lines that <c>tbptt validate</c> prints, too.</summary>
    public static void WriteParts(DataDescription data, TextWriter output)
    {
        var contents = data.Contents;
        Line(output, "inputs", Side(contents.Inputs, data.InputFeatures, data.Vocabulary, "token"));
        Line(output, "targets", Side(contents.Targets, data.TargetFeatures, data.Classes, "class"));
        foreach (var column in contents.LeftOut)
            Line(output, "left out", $"{(column.Name.Length == 0 ? "a column" : column.Name)}, because {column.Why}");
        Line(output, "training", Part(data.Training));
        Line(output, "validation", data.Validation is { } held ? Part(held) : "nothing is held out");
        if (data.Test is { } tested)
            Line(output, "test", Part(tested));
        if (data.Weights is { } weights)
            Line(output, "weights", weights);
        foreach (string remark in contents.Remarks)
            Line(output, "NOTE", remark);
    }

    private static void Write(RunData read, TextWriter output)
    {
        var data = read.Description!;
        Line(output, "data", $"{data.Source}{string.Concat(data.Paths.Select(file => $" {file}"))}");
        WriteParts(data, output);
        Line(output, "lanes", FormattableString.Invariant(
            $"{data.Lanes.Count:N0}, idle for {100 * data.Lanes.IdleShare:0.0} % of an epoch"));
        Line(output, "steps", $"{Text.Count(data.Lanes.StepsPerEpoch)} per epoch");
        Line(output, "memory", $"about {Megabytes(data.Memory.Coordinator)} for the coordinator and {Megabytes(data.Memory.Trainer)} for a "
            + "trainer, besides what each process needs");
        if (read.Files.Count > 0)
        {
            Line(output, "files", $"{Text.Count(read.Files.Count)}, {Text.Plural(read.Files.Sum(file => file.Length), "byte")}");
            output.WriteLine();
            var files = new TextTable("FILE", "BYTES", "SHA-256");
            foreach (var file in read.Files)
                files.Add(file.Path, Text.Count(file.Length), file.Sha256);
            files.Write(output);
        }

        if (data.Contents.Columns.Count == 0)
            return;
        output.WriteLine();
        var columns = new TextTable(
            "COLUMN", "USE", "COUNT", "MISSING", "MIN", "MAX", "MEAN", "DEVIATION", "DISTINCT", "SCALE MEAN", "SCALE DEVIATION", "SUSPECTS",
            "HISTOGRAM");
        foreach (var column in data.Contents.Columns)
        {
            columns.Add(
                column.Series is null ? column.Name : $"{column.Name}, series {Text.OneLine(column.Series)}",
                column.Transform is { } transform ? $"{column.Use}, {transform}" : column.Use,
                column.Count is { } count ? Text.Count(count) : "-", Text.Count(column.Missing),
                Figure(column.Min), Figure(column.Max), Figure(column.Mean), Figure(column.Deviation),
                column.Distinct is { } distinct ? Text.Count(distinct) : "-", Figure(column.ScaleMean), Figure(column.ScaleDeviation),
                string.Join(", ", column.Suspects.Select(suspect => $"{Text.Figure(suspect.Value)} × {Text.Count(suspect.Count)}")),
                Bars(column.Histogram));
        }

        columns.Write(output);
        WriteClasses(data.Contents.Columns, output);
    }

    private static void WriteClasses(IReadOnlyList<ColumnDescription> columns, TextWriter output)
    {
        if (columns.All(column => column.Classes.Count == 0))
            return;
        output.WriteLine();
        var classes = new TextTable("COLUMN", "NUMBER", "CLASS", "ROWS TO TRAIN ON");
        foreach (var column in columns)
        {
            foreach (var (number, one) in column.Classes.Index().Take(ShownClasses))
                classes.Add(column.Name, Text.Count(number), one.Name, Text.Count(one.Count));
            if (column.Classes.Count > ShownClasses)
                classes.Add(column.Name, "…", $"{Text.Count(column.Classes.Count - ShownClasses)} more, in data.json of a run", "");
        }

        classes.Write(output);
    }

    private static void Line(TextWriter output, string name, string value) => output.WriteLine($"{name,-12}{Text.OneLine(value)}");

    private static string Side(IReadOnlyList<string> names, int features, int tokens, string token) =>
        tokens > 0 ? $"{Text.Count(tokens)} different {(token == "class" ? "classes" : $"{token}s")}"
        : names.Count == 0 ? $"{Text.Plural(features, "value")} a time step"
        : $"{names.Count}: {string.Join(", ", names)}";

    private static string Part(PartDescription part) => $"{part}"
        + (part.Longest == part.Shortest && part.Sequences == 1 ? "" : $", {Text.Plural(part.Steps, "time step")} in all")
        + (part.Elements is { } elements ? $", {Text.Plural(elements, "target element")}" : "");

    private static string Figure(double? value) => value is { } figure ? Text.Figure(figure) : "-";

    private static string Megabytes(long bytes) => FormattableString.Invariant($"{bytes / 1e6:0.#} MB");

    /// <summary>A bar for each range of values; one that has any is never empty.</summary>
    private static string Bars(IReadOnlyList<long> counts)
    {
        const string Heights = "▁▂▃▄▅▆▇█";
        long most = Math.Max(1, counts.DefaultIfEmpty().Max());
        return string.Concat(counts.Select(count => count == 0 ? ' ' : Heights[(int)(count * (Heights.Length - 1) / most)]));
    }
}

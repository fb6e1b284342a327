using Google.Protobuf;
using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Export.Onnx;
using Orleans.Tbptt.Client.Models;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Client.Export;

/// <summary><c>tbptt export</c>: a model, or a run's metrics in the format of another program.</summary>
internal static class ExportCommand
{
    /// <summary>The word of the format of model packages.</summary>
    public const string Package = "package";

    /// <summary>The word of the format of ONNX.</summary>
    public const string OnnxGraph = "onnx";

    /// <summary>Every format's word; the first is the default.</summary>
    public static IReadOnlyList<string> Words { get; } = [Package, OnnxGraph, .. MetricsFormats.All.Select(format => format.Word)];

    /// <summary>Writes the files.</summary>
    /// <param name="context">The console.</param>
    /// <param name="cluster">The run store or cluster.</param>
    /// <param name="name">The run's ID, or a part of it; where a model is written, also a package's directory.</param>
    /// <param name="format">One of <see cref="Words"/>.</param>
    /// <param name="to">The directory or, of ONNX, the file; null for one with the run's ID.</param>
    /// <param name="force">Whether files that exist are replaced.</param>
    /// <param name="fromEnd">Of ONNX, whether the graph's initial state is that at the end of training.</param>
    /// <exception cref="ClientException">
    /// There is no such run, it has no model or no events, the model cannot be written in the format, a file exists already or cannot be
    /// written, or the cluster cannot be reached.
    /// </exception>
    public static async Task<int> RunAsync(
        ConsoleContext context, ClusterSelection cluster, string name, string format, string? to, bool force,
        bool fromEnd)
    {
        if (format == Package)
        {
            var package = ModelFinder.Find(context, cluster.Runs, name);
            using var files = new NewFiles(to ?? package.Config.Run, force);
            await files.WriteAsync(context, () =>
            {
                foreach (var (file, write) in package.Files)
                {
                    using var stream = File.Create(Path.Combine(files.Unfinished, file));
                    write(stream);
                }

                return Task.CompletedTask;
            });
        }
        else if (format == OnnxGraph)
        {
            WriteGraph(context, ModelFinder.Find(context, cluster.Runs, name), to, force, fromEnd);
        }
        else
        {
            await using var journal = await RunJournal.FindAsync(context, cluster, name);
            using var files = new NewFiles(to ?? journal.Id.Text, force);
            await files.WriteAsync(
                context, () => WriteAsync(context, journal, MetricsFormats.All.Single(one => one.Word == format), files));
        }

        return ExitCode.Completed;
    }

    private static void WriteGraph(ConsoleContext context, ModelPackage package, string? to, bool force, bool fromEnd)
    {
        string path = to ?? $"{package.Config.Run}.onnx";
        ModelData.CheckOutput("--to", path, force);
        var graph = OnnxModel.Of(package, fromEnd);
        ModelData.Write(path, force, unfinished =>
        {
            using var stream = File.Create(unfinished);
            graph.WriteTo(stream);
        });
        context.Terminal.Out.WriteLine($"wrote {Text.OneLine(path)}");
        foreach (var value in graph.Graph.Input)
            context.Terminal.Out.WriteLine($"  input  {value.Name} {OnnxModel.Shape(value)}: {Text.OneLine(value.DocString)}");
        foreach (var value in graph.Graph.Output)
            context.Terminal.Out.WriteLine($"  output {value.Name} {OnnxModel.Shape(value)}: {Text.OneLine(value.DocString)}");
    }

    private static async Task WriteAsync(ConsoleContext context, RunJournal journal, MetricsFormat format, NewFiles files)
    {
        IMetricsWriter? writer = null;
        try
        {
            await foreach (var one in journal.EventsAsync(context.Terminal.Error.WriteLine))
            {
                if (writer is null)
                {
                    writer = format.Open(files.Unfinished, journal.Id, one.Time);
                    files.RefuseExisting();
                }

                writer.Add(one);
            }
        }
        finally
        {
            writer?.Dispose();
        }

        if (writer is null)
            throw new ClientException($"run {journal.Id} has no events yet: it has not begun to train", ExitCode.Failed);
    }
}

using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Runs;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Client.Export;

/// <summary><c>tbptt export</c>: a run's model, or its metrics in the format of another program.</summary>
internal static class ExportCommand
{
    /// <summary>The word of the format of model packages.</summary>
    public const string Package = "package";

    /// <summary>Every format's word; the first is the default.</summary>
    public static IReadOnlyList<string> Words { get; } = [Package, .. MetricsFormats.All.Select(format => format.Word)];

    /// <summary>Writes the files.</summary>
    /// <param name="context">The console.</param>
    /// <param name="cluster">The run store or cluster.</param>
    /// <param name="run">The run's ID, or a part of it.</param>
    /// <param name="format">One of <see cref="Words"/>.</param>
    /// <param name="directory">Where to; null for a directory with the run's ID.</param>
    /// <param name="force">Whether files that exist are replaced.</param>
    /// <exception cref="ClientException">
    /// There is no such run, it has no model or no events, a file exists already or cannot be written, or the cluster cannot be reached.
    /// </exception>
    public static async Task<int> RunAsync(
        ConsoleContext context, ClusterSelection cluster, string run, string format, string? directory, bool force)
    {
        if (format == Package)
        {
            var info = new RunFiles(cluster.Runs, context.Time).Find(run);
            var package = PackageOf(info.Directory);
            using var files = new NewFiles(directory ?? info.Directory.Id.Text, force);
            await files.WriteAsync(context, () =>
            {
                foreach (var (name, write) in package.Files)
                {
                    using var stream = File.Create(Path.Combine(files.Unfinished, name));
                    write(stream);
                }

                return Task.CompletedTask;
            });
        }
        else
        {
            await using var journal = await RunJournal.FindAsync(context, cluster, run);
            using var files = new NewFiles(directory ?? journal.Id.Text, force);
            await files.WriteAsync(
                context, () => WriteAsync(context, journal, MetricsFormats.All.Single(one => one.Word == format), files));
        }

        return ExitCode.Completed;
    }

    private static ModelPackage PackageOf(RunDirectory run)
    {
        try
        {
            return ModelPackage.OfRun(run, SpecLoader.Reader);
        }
        catch (ModelPackageException exception)
        {
            throw new ClientException(Text.OneLine(exception.Message), ExitCode.Failed, exception);
        }
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

using System.Globalization;
using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Runs;
using Orleans.Tbptt.Journals;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Look;

/// <summary>
/// <c>tbptt metrics</c>: every event of a run's journal as one line, byte for byte as the run published it; or its steps as a table.
/// </summary>
internal static class MetricsCommand
{
    private const string Head = "number,time,generation,step,epoch,loss,gradientNorm,differenceNorm,learningRate,weight,seconds";

    /// <summary>Writes the events.</summary>
    /// <exception cref="ClientException">There is no such run, or the cluster cannot be reached.</exception>
    public static async Task<int> RunAsync(ConsoleContext context, ClusterSelection cluster, string name, bool csv)
    {
        if (!cluster.IsNamed)
        {
            var journal = new JournalReader(new RunFiles(cluster.Runs, context.Time).Find(name).Directory.Metrics);
            return await WriteAsync(context, csv, after => Task.FromResult(journal.Read(after, JournalReader.Page)));
        }

        await using var run = await context.Clusters.FindAsync(cluster, name, CancellationToken.None);
        return await WriteAsync(
            context, csv, after => run.Runs.ReadEventsAsync(run.Id, after, context.Limits.Page).WaitAsync(context.Limits.Answer));
    }

    private static async Task<int> WriteAsync(ConsoleContext context, bool csv, Func<long, Task<EventPage>> read)
    {
        var output = context.Terminal.Out;
        if (csv)
            output.WriteLine(Head);
        for (var page = await read(0); page.Lines.Count > 0 && !context.Terminal.HasLostItsReader(); page = await read(page.Last))
        {
            foreach (string line in page.Lines)
            {
                if (!csv)
                    output.WriteLine(line);
                else if (RunJson.ReadEventOrNull(line) is StepCommitted step)
                    output.WriteLine(Row(step));
                else if (page.HasMore && RunJson.ReadEventOrNull(line) is RunWarning warning)
                    context.Terminal.Error.WriteLine(warning.Message);
            }
        }

        output.Flush();
        return ExitCode.Completed;
    }

    /// <summary>Doubles with as many digits as give them back to the bit; empty where a number is not finite, or not there.</summary>
    private static string Row(StepCommitted step) => string.Create(
        CultureInfo.InvariantCulture,
        $"{step.Number},{step.Time:O},{step.Generation},{step.Step},{step.Epoch},{Number(step.Loss)},{Number(step.GradientNorm)},"
        + $"{Number(step.DifferenceNorm)},{Number(step.LearningRate)},{Number(step.Weight)},{Number(step.Seconds)}");

    private static string Number(double? value) =>
        value is { } number && double.IsFinite(number) ? number.ToString("R", CultureInfo.InvariantCulture) : "";
}

using System.Text.Json;
using System.Text.Json.Nodes;
using Orleans.Tbptt.Client.Views;

namespace Orleans.Tbptt.Client.Runs;

/// <summary><c>tbptt ls</c>: the runs of a run store, newest first.</summary>
internal static class ListCommand
{
    internal static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Writes the list.</summary>
    public static int Run(string root, bool json, Terminal terminal, TimeProvider time)
    {
        var runs = new RunFiles(root, time).All();
        if (json)
        {
            terminal.Out.WriteLine(new JsonArray([.. runs.Select(run => run.ToJson())]).ToJsonString(Json));
            return ExitCode.Completed;
        }

        if (runs.Count == 0)
        {
            terminal.Error.WriteLine($"tbptt: no runs in {Path.GetFullPath(root)}");
            return ExitCode.Completed;
        }

        var table = new TextTable("RUN", "STATE", "EPOCH", "STEP", "LOSS", "STARTED", "DURATION");
        foreach (var run in runs)
        {
            var status = run.Status;
            table.Add(
                status.Id, run.State, $"{status.Epoch}/{status.Epochs}", Text.Count(status.Step),
                status.Loss is { } loss ? Text.Figure(loss) : "-",
                $"{status.SubmittedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss}", Text.Duration(run.Seconds(time.GetUtcNow())));
        }

        table.Write(terminal.Out);
        return ExitCode.Completed;
    }
}

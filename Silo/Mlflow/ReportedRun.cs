using System.Globalization;
using System.Text;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Journals;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs.Comparing;

namespace Orleans.Tbptt.Silo.Mlflow;

/// <summary>
/// Reports a run to MLflow from its journal. How far it has been reported stands in a tag of the MLflow run, which is written in the same
/// call as the metrics: a silo that takes the run over continues there.
/// </summary>
/// <param name="run">The run.</param>
/// <param name="client">The server.</param>
/// <param name="experiment">The ID of the experiment.</param>
/// <param name="dropped">Called with what the server refuses for good, and why.</param>
internal sealed class ReportedRun(RunDirectory run, MlflowClient client, string experiment, Action<string, string> dropped)
{
    /// <summary>The tag with the run's ID.</summary>
    public const string RunTag = "tbptt.run";

    /// <summary>The tag with the number of the last event that was reported.</summary>
    public const string EventTag = "tbptt.event";

    /// <summary>Steps of a page of events that are reported, at most: a server takes about a thousand metrics a second.</summary>
    public const int MostSteps = 100;

    private readonly JournalReader _journal = new(run.Metrics);
    private readonly MlflowNames _names = new();
    private string? _id;
    private long _reported;

    /// <summary>Reports the events since the last call.</summary>
    /// <returns>Whether the last of them is the run's end.</returns>
    /// <exception cref="MlflowException">The server refused a call.</exception>
    /// <exception cref="HttpRequestException">The server cannot be reached; the next call reports the same events.</exception>
    /// <exception cref="IOException">The journal cannot be read.</exception>
    public async Task<bool> ReportAsync(CancellationToken cancellation)
    {
        bool hasEnded = false;
        for (var page = _journal.Read(_reported, JournalReader.Page); page.Lines.Count > 0;
            page = _journal.Read(_reported, JournalReader.Page))
        {
            var events = Chosen(page.Lines);
            if (_id is null && await FindAsync(events, cancellation))
                continue;
            await SendAsync(events, page.Last, cancellation);
            _reported = page.Last;
            hasEnded = RunJson.ReadEventOrNull(page.Lines[^1]) is RunEnded;
        }

        return hasEnded;
    }

    /// <summary>Finds the MLflow run, or creates it.</summary>
    /// <returns>Whether a part of the journal has been reported before.</returns>
    private async Task<bool> FindAsync(List<RunEvent> events, CancellationToken cancellation)
    {
        var found = await client.FindRunAsync(experiment, RunTag, run.Id.Text, cancellation)
            ?? await client.CreateRunAsync(
                experiment, run.Id.Text, events.FirstOrDefault()?.Time, [new(RunTag, run.Id.Text)], cancellation);
        if (!long.TryParse(found.Tag(EventTag), NumberStyles.None, CultureInfo.InvariantCulture, out _reported))
        {
            foreach (var part in Parts(Parameters()))
                await LogAsync(found.Info.RunId, [], part, [], cancellation);
        }

        _id = found.Info.RunId;
        return _reported > 0;
    }

    private async Task SendAsync(List<RunEvent> events, long last, CancellationToken cancellation)
    {
        MlflowTag[] position = [new(EventTag, last.ToString(CultureInfo.InvariantCulture))];
        var parts = events.SelectMany(Metrics).Chunk(MlflowClient.MostMetrics).ToList();
        // The position goes with the last part: after a failure the parts before are sent again, and a metric may be there twice.
        for (int i = 0; i < parts.Count; i++)
            await LogAsync(_id!, parts[i], [], i == parts.Count - 1 ? position : [], cancellation);
        if (parts.Count == 0)
            await LogAsync(_id!, [], [], position, cancellation);
        foreach (var one in events)
        {
            if (one is RunStarted { Generation: > 1 })
                await client.UpdateAsync(_id!, "RUNNING", null, cancellation);
            if (one is RunEnded ended)
                await client.UpdateAsync(_id!, StatusOf(ended.State), ended.Time, cancellation);
        }
    }

    /// <summary>Sends a batch. One that the server refuses for what it contains is dropped: it would refuse it again and again.</summary>
    private async Task LogAsync(
        string id, MlflowMetric[] metrics, MlflowTag[] parameters, MlflowTag[] tags, CancellationToken cancellation)
    {
        try
        {
            await client.LogAsync(id, metrics, parameters, tags, cancellation);
        }
        catch (MlflowException exception) when (exception.Code == MlflowClient.Invalid && metrics.Length + parameters.Length > 0)
        {
            var (count, what) = metrics.Length > 0 ? (metrics.Length, "metric") : (parameters.Length, "parameter");
            dropped(Text.Plural(count, what), exception.Message);
            if (tags.Length > 0)
                await client.LogAsync(id, [], [], tags, cancellation);
        }
    }

    private static string StatusOf(RunState state) => state switch
    {
        RunState.Completed => "FINISHED",
        RunState.Stopped => "KILLED",
        _ => "FAILED",
    };

    /// <summary>All events that are not steps, and as many steps of the page, equally far apart, the last one included.</summary>
    private static List<RunEvent> Chosen(IReadOnlyList<string> lines)
    {
        int steps = lines.Count(RunJson.IsStep), seen = 0;
        int apart = Math.Max(1, (steps + MostSteps - 1) / MostSteps);
        List<RunEvent> chosen = [];
        foreach (string line in lines)
        {
            if ((!RunJson.IsStep(line) || (steps - ++seen) % apart == 0) && RunJson.ReadEventOrNull(line) is { } one)
                chosen.Add(one);
        }

        return chosen;
    }

    private IEnumerable<MlflowMetric> Metrics(RunEvent one)
    {
        long time = one.Time.ToUnixTimeMilliseconds();
        IEnumerable<(string Key, double? Value, long Step)> metrics = one switch
        {
            StepCommitted step =>
            [
                ("train/loss", step.Loss, step.Step), ("train/gradient_norm", step.GradientNorm, step.Step),
                ("train/learning_rate", step.LearningRate, step.Step),
            ],
            EpochFinished epoch =>
            [
                ("epoch/loss", epoch.Loss, epoch.Step), ("epoch/validation_loss", epoch.ValidationLoss, epoch.Step),
                .. epoch.Metrics.Select(metric => (Key("epoch/", metric), (double?)metric.Value, epoch.Step)),
            ],
            RunTested test =>
            [
                ("test/loss", test.Loss, test.Step),
                .. test.Metrics.Select(metric => (Key("test/", metric), (double?)metric.Value, test.Step)),
            ],
            _ => [],
        };
        return metrics.Where(metric => metric.Value is { } value && double.IsFinite(value))
            .Select(metric => new MlflowMetric(metric.Key, metric.Value!.Value, time, metric.Step));
    }

    private string Key(string prefix, Metric metric) => _names.Of(prefix, Text.Title(metric));

    /// <summary>
    /// The keys of the spec; those of them that are long, or that differ in characters that MLflow does not take, have a hash.
    /// </summary>
    private IEnumerable<MlflowTag> Parameters()
    {
        var names = new MlflowNames();
        return SpecKeys.Of(File.ReadAllText(run.Spec)).Select(key => new MlflowTag(
            names.Of("", key.Key),
            key.Value.Length <= MlflowClient.MostCharacters ? key.Value : key.Value[..MlflowClient.MostCharacters]));
    }

    /// <summary>Parameters as calls take them: not too many, and not too large.</summary>
    private static IEnumerable<MlflowTag[]> Parts(IEnumerable<MlflowTag> parameters)
    {
        var part = new List<MlflowTag>();
        int bytes = 0;
        foreach (var one in parameters)
        {
            int more = Encoding.UTF8.GetByteCount(one.Key) + Encoding.UTF8.GetByteCount(one.Value);
            if (part.Count == MlflowClient.MostParameters || (part.Count > 0 && bytes + more > MlflowClient.MostBytes))
            {
                yield return [.. part];
                part.Clear();
                bytes = 0;
            }

            part.Add(one);
            bytes += more;
        }

        if (part.Count > 0)
            yield return [.. part];
    }
}

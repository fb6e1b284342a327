using System.Text;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Tests.Chaos.Harness;

/// <summary>
/// Follows a run's <c>metrics.jsonl</c> line by line while silos write it, and holds it to its promise: what was published once stays as it
/// was.
/// </summary>
/// <param name="run">The run.</param>
internal sealed class RunRecorder(RunDirectory run)
{
    private readonly List<RunEvent> _events = [];
    private readonly List<string> _lines = [];
    private long _read;

    /// <summary>The run's files.</summary>
    public RunDirectory Run { get; } = run;

    /// <summary>The run's id.</summary>
    public RunId Id => Run.Id;

    /// <summary>The events so far.</summary>
    public IReadOnlyList<RunEvent> Events
    {
        get
        {
            Read();
            return _events;
        }
    }

    /// <summary>The lines so far, as they are in the file.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            Read();
            return _lines;
        }
    }

    /// <summary>The last step that was published; 0 before the first.</summary>
    public long LastStep => Events.OfType<StepCommitted>().LastOrDefault()?.Step ?? 0;

    /// <summary>Waits for an event, or finds it among those published already.</summary>
    /// <param name="what">In words, for the message.</param>
    /// <param name="wanted">Which one.</param>
    /// <param name="after">Only events with higher numbers count.</param>
    /// <param name="patience">The deadline; <see cref="Wait.Patience"/> when null.</param>
    /// <exception cref="InvalidOperationException">The run ended before.</exception>
    public Task<T> Await<T>(string what, Func<T, bool> wanted, long after = 0, TimeSpan? patience = null) where T : RunEvent => Wait.For(
        $"{what} of {Id}",
        () =>
        {
            var events = Events.Where(one => one.Number > after).ToArray();
            var found = events.OfType<T>().FirstOrDefault(wanted);
            if (found is null && events.OfType<RunEnded>().FirstOrDefault() is { } end)
                throw new InvalidOperationException($"{Id} ended as {end.State} at step {end.Step} before {what}: {end.Message}");
            return Task.FromResult(found);
        },
        patience);

    /// <summary>Waits until a step has been committed.</summary>
    public Task<StepCommitted> AwaitStep(long step, TimeSpan? patience = null) =>
        Await<StepCommitted>($"step {step}", one => one.Step >= step, patience: patience);

    /// <summary>Waits for the end of the run, and for the status that says so: it is written after the event.</summary>
    /// <param name="after">Ends up to this number are not meant: the run was resumed after them.</param>
    /// <param name="patience">The deadline.</param>
    public async Task<RunEnded> AwaitEnd(long after = 0, TimeSpan? patience = null)
    {
        var end = await Await<RunEnded>("its end", _ => true, after, patience);
        await Wait.Until($"the last status of {Id}", () => Run.ReadStatus() is { HasEnded: true, LastEvent: var last }
            && last == end.Number);
        return end;
    }

    private void Read()
    {
        if (!File.Exists(Run.Metrics))
            return;
        using var file = new FileStream(Run.Metrics, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        if (file.Length < _read)
            throw new InvalidOperationException($"{Run.Metrics} has {file.Length} bytes, of {_read} that were published already");
        file.Position = _read;
        byte[] bytes = new byte[file.Length - _read];
        int count = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        int whole = bytes.AsSpan(0, count).LastIndexOf((byte)'\n') + 1;
        _read += whole;
        foreach (string line in Encoding.UTF8.GetString(bytes.AsSpan(0, whole)).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            _lines.Add(line);
            _events.Add(RunJson.ReadEvent(line));
        }
    }
}

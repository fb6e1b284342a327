using System.Globalization;
using System.Text.Json;
using Orleans.Tbptt.Journals;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Journal;

/// <summary>
/// What former coordinators published of the steps after the checkpoint that a new one starts from. Those steps are computed again, to the
/// same bits, and not published again: an event is never taken back, a watcher sees each event once, and the file has each step once.
/// </summary>
internal sealed class PublishedEvents
{
    private const string Start = "{\"type\":\"run\"";
    private readonly Dictionary<long, (double Loss, StateHash? Hash)> _results = [];
    private readonly SortedList<long, long> _steps = [];
    private readonly long _before;
    private readonly Dictionary<int, long> _epochs = [];

    /// <summary>Reads what was published after an event.</summary>
    /// <param name="path">The journal.</param>
    /// <param name="after">The number of the last event before the checkpoint; 0 for the initial state.</param>
    /// <param name="shards">
    /// Shards of the run from now on. Losses of another number of shards are rounded differently and not compared.
    /// </param>
    public PublishedEvents(string path, long after, int shards)
    {
        _before = after;
        var journal = new JournalReader(path);
        int theirs = shards;
        foreach (string line in StartsBefore(journal, after))
        {
            if (RunJson.ReadEventOrNull(line) is RunStarted started && started.Number <= after)
                theirs = started.Shards;
        }

        for (var page = journal.Read(after, JournalReader.Page); page.Lines.Count > 0; page = journal.Read(page.Last, JournalReader.Page))
        {
            long number = page.Last - page.Lines.Count;
            if (page.HasMore && page.Lines is [var lost] && RunJson.ReadEventOrNull(lost) is RunWarning warning)
            {
                Problem = warning.Message;
                return;
            }

            foreach (string line in page.Lines)
            {
                number++;
                try
                {
                    Add(RunJson.ReadEvent(line), number, ref theirs, shards);
                }
                catch (JsonException) when (RunJson.IsOfUnknownKind(line))
                {
                    // Another version wrote it. Steps and epochs are of kinds that every version knows.
                }
                catch (JsonException e)
                {
                    long open = journal.FirstOpen;
                    string place = number < open ? $"event {number}, in a segment," : $"line {number - open + 1}";
                    Problem = $"{path}: {place} is no event ({e.Message}); repair the file and resume the run";
                    return;
                }
            }
        }
    }

    /// <summary>What is wrong with the journal, in words; null when all of it could be read.</summary>
    public string? Problem { get; }

    /// <summary>The last step that was published; 0 for none.</summary>
    public long LastStep { get; private set; }

    /// <summary>The last epoch that was published as finished, from 1; 0 for none.</summary>
    public int LastEpoch { get; private set; }

    /// <summary>The step after which a test was published last; null for none.</summary>
    public long? LastTest { get; private set; }

    /// <summary>
    /// How what was published of a step differs from what it has now, in words; null where it does not, or was not published. One of
    /// the two is wrong then. Hashes are compared where both are there.
    /// </summary>
    /// <param name="step">The step.</param>
    /// <param name="loss">Its loss now.</param>
    /// <param name="hash">The hash of the state after it now.</param>
    public string? Difference(long step, double loss, StateHash? hash)
    {
        if (!_results.Remove(step, out var before))
            return null;
        if (BitConverter.DoubleToInt64Bits(before.Loss) != BitConverter.DoubleToInt64Bits(loss))
            return string.Create(CultureInfo.InvariantCulture, $"a loss of {before.Loss:R} before and has {loss:R}");
        return before.Hash is { } former && hash is { } state && former != state
            ? $"a state with hash {former} before and has {state}" : null;
    }

    /// <summary>
    /// The number of the event of a step, or, where only each n-th is kept, of the last one before it that is; if the step ended an epoch,
    /// of the event of that end.
    /// </summary>
    /// <param name="step">A step up to <see cref="LastStep"/>, after the checkpoint.</param>
    /// <param name="epoch">The epoch, from 1, that has just ended with it; null within one.</param>
    public long NumberOf(long step, int? epoch)
    {
        if (epoch is { } ended && _epochs.TryGetValue(ended, out long number))
            return number;
        int low = 0, high = _steps.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = _steps.Keys[middle] <= step ? (middle + 1, high) : (low, middle);
        }

        return low == 0 ? _before : _steps.Values[low - 1];
    }

    /// <summary>Of the events before the checkpoint only the number of trainers matters; the rest is not worth parsing.</summary>
    private static IEnumerable<string> StartsBefore(JournalReader journal, long after)
    {
        var others = journal.ReadClosedOthers(0, out long closed);
        foreach (string line in others)
        {
            if (IsStart(line))
                yield return line;
        }

        for (var page = journal.Read(closed, JournalReader.Page); closed < after && page.Lines.Count > 0;
            page = journal.Read(page.Last, JournalReader.Page))
        {
            long number = page.Last - page.Lines.Count;
            foreach (string line in page.Lines)
            {
                if (++number > after)
                    yield break;
                if (IsStart(line))
                    yield return line;
            }
        }
    }

    private static bool IsStart(string line) => line.StartsWith(Start, StringComparison.Ordinal);

    private void Add(RunEvent published, long number, ref int theirs, int shards)
    {
        switch (published)
        {
            case RunStarted started:
                theirs = started.Shards;
                break;
            case StepCommitted step:
                _steps[step.Step] = number;
                _results.Remove(step.Step);
                if (theirs == shards)
                    _results[step.Step] = (step.Loss, step.StateHash);
                LastStep = Math.Max(LastStep, step.Step);
                break;
            case RunTested test:
                LastTest = test.Step;
                break;
            case EpochFinished epoch:
                _epochs[epoch.Epoch] = number;
                LastEpoch = Math.Max(LastEpoch, epoch.Epoch);
                break;
        }
    }
}

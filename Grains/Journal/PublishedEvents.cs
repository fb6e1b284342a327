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
    private readonly Dictionary<long, double> _losses = [];
    private readonly Dictionary<long, long> _steps = [];
    private readonly Dictionary<int, long> _epochs = [];

    /// <summary>Reads what was published after an event.</summary>
    /// <param name="path">The journal.</param>
    /// <param name="after">The number of the last event before the checkpoint; 0 for the initial state.</param>
    /// <param name="trainers">
    /// Trainers of the run from now on. Losses of another number of trainers are rounded differently and not compared.
    /// </param>
    public PublishedEvents(string path, long after, int trainers)
    {
        long number = 0;
        int theirs = trainers;
        foreach (string line in JournalLines.In(path))
        {
            // Of the events before the checkpoint only the number of trainers matters; the rest is not worth parsing.
            bool isStart = line.StartsWith(Start, StringComparison.Ordinal);
            if (++number <= after && !isStart)
                continue;
            try
            {
                Add(RunJson.ReadEvent(line), number, number > after, ref theirs, trainers);
            }
            catch (JsonException) when (RunJson.IsOfUnknownKind(line))
            {
                // Another version wrote it. Steps and epochs are of kinds that every version knows.
            }
            catch (JsonException e)
            {
                Problem = $"{path}: line {number} is no event ({e.Message}); repair the file and resume the run";
                return;
            }
        }
    }

    /// <summary>What is wrong with the journal, in words; null when all of it could be read.</summary>
    public string? Problem { get; }

    /// <summary>The last step that was published; 0 for none.</summary>
    public long LastStep { get; private set; }

    /// <summary>The last epoch that was published as finished, from 1; 0 for none.</summary>
    public int LastEpoch { get; private set; }

    /// <summary>
    /// Whether a step was published with another loss than it has now: then this machine rounds differently from the former one.
    /// </summary>
    /// <param name="step">The step.</param>
    /// <param name="loss">Its loss now.</param>
    /// <param name="before">Its loss as it was published.</param>
    public bool Differs(long step, double loss, out double before) =>
        _losses.Remove(step, out before) && BitConverter.DoubleToInt64Bits(before) != BitConverter.DoubleToInt64Bits(loss);

    /// <summary>The number of the event of a step; or, if it ended an epoch, of the event of that end.</summary>
    /// <param name="step">A step that was published.</param>
    /// <param name="epoch">The epoch, from 1, that has just ended with it; null within one.</param>
    public long NumberOf(long step, int? epoch) => epoch is { } ended && _epochs.TryGetValue(ended, out long number) ? number
        : _steps[step];

    private void Add(RunEvent published, long number, bool isAfter, ref int theirs, int trainers)
    {
        switch (published)
        {
            case RunStarted started:
                theirs = started.Trainers;
                break;
            case StepCommitted step when isAfter:
                _steps[step.Step] = number;
                _losses.Remove(step.Step);
                if (theirs == trainers)
                    _losses[step.Step] = step.Loss;
                LastStep = Math.Max(LastStep, step.Step);
                break;
            case EpochFinished epoch when isAfter:
                _epochs[epoch.Epoch] = number;
                LastEpoch = Math.Max(LastEpoch, epoch.Epoch);
                break;
        }
    }
}

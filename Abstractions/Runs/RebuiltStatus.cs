using System.Text;
using System.Text.Json;

namespace Orleans.Tbptt.Runs;

/// <summary>
/// A run's status, rebuilt from its other files where <c>status.json</c> is damaged or gone: the ends of its journal, and its newest
/// checkpoint. Every file may be damaged; what cannot be read is left at its default.
/// </summary>
internal static class RebuiltStatus
{
    /// <summary>Enough of the journal's end for its last event, an epoch's end before it included.</summary>
    private const int Tail = 1 << 16;

    /// <summary>
    /// The status. It names no cluster, because no other file does: no silo continues the run by itself, <c>tbptt resume</c> does.
    /// </summary>
    /// <param name="run">The run.</param>
    /// <param name="damage">What is wrong with its <c>status.json</c>; becomes the warning.</param>
    public static RunStatus Of(RunDirectory run, string damage)
    {
        var (first, tail) = (Start(run.Metrics), Events(run.Metrics));
        var last = tail is [.., var newest] ? newest : null;
        var status = AfterCheckpoint(run, Begin(run, first, last, damage));
        foreach (var runEvent in tail)
            status = After(status, runEvent);
        return status;
    }

    private static RunStatus Begin(RunDirectory run, RunStarted? first, RunEvent? last, string damage)
    {
        var fork = Try(run.ReadFork, null) ?? first?.Fork;
        var created = Try(() => new DateTimeOffset(Directory.GetCreationTimeUtc(run.Path)), default);
        return new()
        {
            Id = run.Id.Text,
            Name = first?.Name ?? run.Id.Text,
            State = File.Exists(run.Model) && last is null ? RunState.Completed : RunState.Running,
            Epochs = first?.Epochs ?? 0,
            Epoch = 1,
            StepsPerEpoch = first?.StepsPerEpoch ?? 0,
            StepsBefore = fork?.Step ?? (first is { Checkpoint: null } ? first.Step : 0),
            Fork = fork,
            Parameters = first?.Parameters ?? 0,
            Directory = run.Path,
            SubmittedAt = first?.Time ?? created,
            UpdatedAt = last?.Time ?? created,
            Warning = $"{damage}; this status is rebuilt from the run's other files",
        };
    }

    /// <summary>What the newest checkpoint says; a checkpoint that is not whole is refused when it is restored, not here.</summary>
    private static RunStatus AfterCheckpoint(RunDirectory run, RunStatus status)
    {
        if (Try(() => run.NewestCheckpoint, null) is not { } directory)
            return status;
        return Try(() =>
        {
            var state = RunJson.ReadCheckpoint(File.ReadAllText(Path.Combine(directory, "state.json")));
            return status with
            {
                Step = state.Step,
                CheckpointStep = state.Step,
                Epoch = Math.Min(state.Epoch + 1, Math.Max(status.Epochs, 1)),
                EpochStep = state.Chunk,
                SequenceSteps = state.SequenceSteps,
                TrainedSeconds = state.TrainedSeconds,
                EpochLosses = state.EpochLosses,
                ValidationLosses = state.ValidationLosses,
                Metrics = state.Metrics,
                HeldOut = state.HeldOut,
            };
        }, status);
    }

    private static RunStatus After(RunStatus status, RunEvent runEvent)
    {
        status = status with { LastEvent = runEvent.Number, Generation = runEvent.Generation };
        return runEvent switch
        {
            StepCommitted step => status with
            {
                State = RunState.Running, Step = Math.Max(status.Step, step.Step), Epoch = step.Epoch, Loss = step.Loss,
            },
            EpochFinished epoch when epoch.Epoch == status.EpochLosses.Count + 1 => status with
            {
                Epoch = epoch.Epoch,
                EpochLosses = [.. status.EpochLosses, epoch.Loss],
                ValidationLosses = epoch.ValidationLoss is { } loss ? [.. status.ValidationLosses, loss] : status.ValidationLosses,
                Metrics = epoch.Metrics,
                HeldOut = epoch.HeldOut,
            },
            RunTested test => status with { Test = new(test.Step, new(test.Loss, test.HeldOut, test.Metrics)) },
            RunPaused paused => status with { State = RunState.Paused, Message = paused.Reason },
            RunStarted => status with { State = RunState.Running, Message = "", EndedAt = null },
            RunEnded end => status with { State = end.State, Message = end.Message, Step = end.Step, EndedAt = end.Time },
            _ => status,
        };
    }

    private static RunStarted? Start(string journal) => Try(() =>
        File.Exists(journal) && File.ReadLines(journal).FirstOrDefault() is { } line ? RunJson.ReadEventOrNull(line) as RunStarted : null,
        null);

    /// <summary>The whole events at the journal's end.</summary>
    private static IReadOnlyList<RunEvent> Events(string journal) => Try<IReadOnlyList<RunEvent>>(() =>
    {
        using var stream = new FileStream(journal, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        byte[] tail = new byte[Math.Min(Tail, stream.Length)];
        stream.Seek(-tail.Length, SeekOrigin.End);
        stream.ReadExactly(tail);
        return [.. Encoding.UTF8.GetString(tail).Split('\n').Select(RunJson.ReadEventOrNull).OfType<RunEvent>()];
    }, []);

    private static T Try<T>(Func<T> read, T otherwise)
    {
        try
        {
            return read();
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            return otherwise;
        }
    }
}

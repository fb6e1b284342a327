using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Training.Models;
using Orleans.Tbptt.Training.Replay;

namespace Orleans.Tbptt.Training.Verifying;

/// <summary>
/// Computes the steps of a run again and compares each with what the run published: loss, gradient norm, and the hash of the state. Ends
/// with the first that is not equal.
/// </summary>
/// <param name="replay">The run.</param>
public sealed class RunVerification(RunReplay replay)
{
    private StepCommitted? _next;
    private long _compared;
    private long _hashes;
    private long? _lastHashed;
    private Unequal? _difference;

    /// <summary>Computes the steps behind a state up to another one.</summary>
    /// <param name="from">The step of the first state; null for the run's first one.</param>
    /// <param name="to">The last step.</param>
    /// <param name="model">The model's file, which is compared where the last step is the run's end; null where it is not to be.</param>
    /// <param name="onStep">Called with each step that was computed.</param>
    /// <param name="cancellation">Looked at before each step.</param>
    /// <exception cref="ReplayException">The run cannot be computed again; says why, and what to do.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public Verified Run(
        long? from, long to, string? model = null, Action<long>? onStep = null, CancellationToken cancellation = default)
    {
        if (from is null && !replay.IsFork)
            replay.Begin();
        else
            replay.To(from ?? replay.FirstStep, EpochEnd.Any, cancellation: cancellation);
        long first = replay.Next.Step;
        string? checkpoint = replay.From?.ToString();
        using var published = PublishedSteps.From(replay.Run, first).GetEnumerator();
        Read(published);
        EnsureStart(first);
        if (_next?.Step == first)
            Read(published);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        if (_difference is not null)
            stop.Cancel();
        try
        {
            replay.Continue(to, EpochEnd.After, one =>
            {
                if (_difference is not null)
                    return;
                Compare(one, published);
                onStep?.Invoke(one.Step);
                if (_difference is not null)
                    stop.Cancel();
            }, stop.Token);
        }
        catch (OperationCanceledException) when (_difference is not null)
        {
            // Nothing behind the first difference is of interest.
        }

        if (_difference is null)
            CompareEnd(to);
        string? hash = _difference is null && model is not null && File.Exists(model) ? CompareModel(model, to) : null;
        return new()
        {
            From = first, To = _difference?.Step ?? to, Checkpoint = checkpoint, Compared = _compared, Hashes = _hashes,
            IsEndHashed = _lastHashed == (_difference?.Step ?? to), Difference = _difference, End = replay.State.Hash(), Model = hash,
        };
    }

    /// <summary>The first state is held to the hash that its step was published with, if it was.</summary>
    private void EnsureStart(long first)
    {
        if (_next is { StateHash: { } expected } && _next.Step == first && replay.State.Hash() != expected)
        {
            _difference = new(
                first, $"the hash of the state, computed from checkpoint {replay.From}", $"{replay.State.Hash()}", $"{expected}");
        }
    }

    private void Read(IEnumerator<StepCommitted> published) => _next = published.MoveNext() ? published.Current : null;

    private void Compare(ReplayedStep one, IEnumerator<StepCommitted> journal)
    {
        // With metrics.every the journal lacks the steps between.
        if (_next is not { } published || published.Step > one.Step)
            return;
        Read(journal);
        _compared++;
        _difference = PublishedBits.Difference(one, published, out bool isHashed);
        if (!isHashed)
            return;
        _hashes++;
        _lastHashed = one.Step;
    }

    /// <summary>The last state is held to the hash that the run ended with, where it has ended there.</summary>
    private void CompareEnd(long to)
    {
        if (replay.Run.ReadStatus() is not { HasEnded: true, StateHash: { } expected } status || status.Step != to)
            return;
        _lastHashed = to;
        if (replay.State.Hash() is var found && found != expected)
            _difference = new(to, "the hash of the state at the end", $"{found}", $"{expected}");
    }

    private string CompareModel(string model, long to)
    {
        string computed = RunModelFile.HashOf(replay.Spec, replay.Output()), found = RunModelFile.HashOf(model);
        if (computed != found)
            _difference = new(to, $"the SHA-256 of {Path.GetFileName(model)}", computed, found);
        return found;
    }
}

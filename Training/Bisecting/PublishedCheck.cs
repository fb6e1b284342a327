using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Training.Replay;
using Orleans.Tbptt.Training.Verifying;

namespace Orleans.Tbptt.Training.Bisecting;

/// <summary>Holds steps that are computed one after another to what a run published of them.</summary>
internal sealed class PublishedCheck : IDisposable
{
    private readonly IEnumerator<StepCommitted> _journal;
    private StepCommitted? _next;

    /// <param name="run">The run.</param>
    /// <param name="from">The step of the state that is computed from.</param>
    /// <param name="state">That state's hash.</param>
    public PublishedCheck(BisectedRun run, long from, StateHash state)
    {
        (Run, Known) = (run, Math.Min(run.LastRight, from));
        _journal = run.PublishedAfter(from - 1).GetEnumerator();
        Read();
        if (_next?.Step != from)
            return;
        if (_next.StateHash is { } expected && expected != state)
            Difference = new(from, "the hash of the state", $"{state}", $"{expected}");
        Read();
    }

    /// <summary>The run.</summary>
    public BisectedRun Run { get; }

    /// <summary>The last step whose state is known to be the one that the run had.</summary>
    public long Known { get; private set; }

    /// <summary>The first step that is not the published one; null where all are.</summary>
    public Unequal? Difference { get; private set; }

    /// <summary>Compares a step; steps come in order.</summary>
    public void Compare(ReplayedStep one)
    {
        if (Difference is not null || _next is not { } published || published.Step > one.Step)
            return;
        Read();
        Difference = PublishedBits.Difference(one, published, out bool isHashed);
        if (Difference is null && isHashed)
            Known = one.Step;
    }

    /// <summary>Compares the state of a checkpoint with the one that was computed.</summary>
    public void Compare(long step, StateHash computed)
    {
        if (Difference is null && Run.Held(step) is { } held && held.Hash != computed)
            Difference = new(step, $"the hash of the state in checkpoint {held.Name}", $"{computed}", $"{held.Hash}");
    }

    /// <inheritdoc/>
    public void Dispose() => _journal.Dispose();

    private void Read() => _next = _journal.MoveNext() ? _journal.Current : null;
}

using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Training.Replay;
using Orleans.Tbptt.Training.Verifying;

namespace Orleans.Tbptt.Training.Bisecting;

/// <summary>Holds steps that are computed one after another to what a run published of them.</summary>
internal sealed class PublishedCheck : IDisposable
{
    private readonly IEnumerator<StepCommitted> _journal;
    private readonly long _from;
    private StepCommitted? _next;
    private long _compared;
    private long _last;
    private long? _held;

    /// <param name="run">The run.</param>
    /// <param name="from">The step of the state that is computed from.</param>
    /// <param name="state">That state's hash.</param>
    public PublishedCheck(BisectedRun run, long from, StateHash state)
    {
        (Run, Known, _from, _last) = (run, Math.Min(run.LastEqual, from), from, from);
        _journal = run.PublishedAfter(from - 1).GetEnumerator();
        Read();
        if (_next?.Step != from)
            return;
        if (_next.StateHash is { } expected)
        {
            if (expected == state)
                Known = (_held = from).Value;
            else
                Difference = new(from, "the hash of the state", $"{state}", $"{expected}");
        }

        Read();
    }

    /// <summary>The run.</summary>
    public BisectedRun Run { get; }

    /// <summary>The last step whose state is known to be the one that the run had.</summary>
    public long Known { get; private set; }

    /// <summary>The first step that is not the published one; null where all are.</summary>
    public Unequal? Difference { get; private set; }

    /// <summary>Whether already the state that is computed from is not the published one.</summary>
    public bool DiffersAtStart => Difference?.Step == _from;

    /// <summary>What was found equal; null where something differs, or where nothing behind the first state was compared.</summary>
    public Reproduced? Found => Difference is null && _last > _from ? new(_from, _last, _compared, _held > _from ? _held : null) : null;

    /// <summary>Whether a state was held to what the run published or kept of it, and no later step was compared.</summary>
    public bool IsHeld(long step) => Difference is null && _held == step;

    /// <summary>Compares a step; steps come in order.</summary>
    public void Compare(ReplayedStep one)
    {
        if (Difference is not null || _next is not { } published || published.Step > one.Step)
            return;
        Read();
        Difference = PublishedBits.Difference(one, published, out bool isHashed);
        if (Difference is not null)
            return;
        (_compared, _last) = (_compared + 1, one.Step);
        if (isHashed)
            Known = (_held = one.Step).Value;
    }

    /// <summary>Compares the state that the run ended with, and that of a checkpoint, with the one that was computed.</summary>
    public void Compare(long step, StateHash computed)
    {
        if (Run.EndAt(step) is { } end)
            Compare(step, "the hash of the state at the end", computed, end);
        if (Run.Held(step) is { } held)
            Compare(step, $"the hash of the state in checkpoint {held.Name}", computed, held.Hash);
    }

    /// <inheritdoc/>
    public void Dispose() => _journal.Dispose();

    private void Compare(long step, string what, StateHash computed, StateHash kept)
    {
        if (Difference is not null)
            return;
        if (computed == kept)
            _last = (_held = step).Value;
        else
            Difference = new(step, what, $"{computed}", $"{kept}");
    }

    private void Read() => _next = _journal.MoveNext() ? _journal.Current : null;
}

using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Specs;

/// <summary>How far back in time the gradient of a step reaches.</summary>
public abstract record BackpropSpec : Choice
{
    /// <summary>Whether a step trains each lane on a whole sequence, and its gradient reaches back to the sequence's start.</summary>
    public virtual bool IsFull => false;

    /// <summary>Chunks of the window that a step's gradient reaches back over, its own chunk included.</summary>
    /// <param name="chunkLength">Time steps of a chunk.</param>
    public virtual int WindowChunks(int chunkLength) => 1;

    /// <summary>Refuses what does not go with it.</summary>
    /// <param name="spec">The spec.</param>
    /// <param name="findings">Collects the mistakes.</param>
    internal virtual void Check(RunSpec spec, Findings findings)
    {
    }
}

namespace Orleans.Tbptt.Messages;

/// <summary>What one message between silos, or between a client and a silo, may hold. Both ends are set to it.</summary>
/// <remarks>
/// Beyond it Orleans drops the message, and what the caller gets looks like a silo that is gone: so that nobody retries for ever, what
/// cannot pass is refused when a run is submitted.
/// </remarks>
public static class MessageLimits
{
    /// <summary>The most bytes of a message's body: 1 GiB.</summary>
    public const int LargestBody = 1 << 30;

    /// <summary>
    /// The most numbers that the buffers of one message hold together: 264,241,152. What is left, 16 MiB, is for everything else: an
    /// assignment's spec takes at most 3 of it.
    /// </summary>
    public const int LargestBuffers = (LargestBody - Reserve) / sizeof(float);

    /// <summary>
    /// The most values of hidden state that the lanes of a run may have together: the trainers of a silo return theirs in one message,
    /// together with some buckets' worth of gradient sums.
    /// </summary>
    public const int LargestHidden = LargestBuffers - (1 << 21);

    private const int Reserve = 16 << 20;
}

using System.Buffers;

namespace Orleans.Tbptt.Messages;

/// <summary>
/// A run of float32 numbers on its way between grains: parameters, a gradient, hidden state, or rows and what is forecast from them.
/// Travels as raw bytes through <see cref="GradientBufferCodec"/>; within one silo it is the same memory on both sides.
/// </summary>
/// <remarks>
/// <para>
/// Ownership. Who wraps its own memory (<see cref="Wrap"/>) keeps it, and leaves it unchanged until the receiver must be done: a trainer
/// until its next ticket, a coordinator until every contribution of the step is in. What arrives over the wire is rented from a pool. The
/// receiver calls <see cref="Dispose"/> when done, which gives rented memory back and does nothing to wrapped memory.
/// </para>
/// <para>A buffer that is never disposed of is collected as garbage: slower, not wrong.</para>
/// </remarks>
[Immutable]
public sealed class GradientBuffer : IDisposable
{
    private float[]? _rented;

    private GradientBuffer(Memory<float> memory, float[]? rented, bool isNarrow, bool isRounded) =>
        (Memory, _rented, IsNarrow, IsRounded) = (memory, rented, isNarrow, isRounded);

    /// <summary>No numbers.</summary>
    public static GradientBuffer Empty { get; } = new(Memory<float>.Empty, null, isNarrow: false, isRounded: false);

    /// <summary>The numbers. Not to be touched after <see cref="Dispose"/>.</summary>
    public Memory<float> Memory { get; private set; }

    /// <summary>The numbers. Not to be touched after <see cref="Dispose"/>.</summary>
    public Span<float> Span => Memory.Span;

    /// <summary>
    /// Whether the numbers travel as bfloat16's: those that are none are rounded to the nearest on their way between silos.
    /// </summary>
    public bool IsNarrow { get; }

    /// <summary>
    /// Whether the numbers are known to be bfloat16's, because they came as such: to round them once more would change nothing.
    /// </summary>
    public bool IsRounded { get; }

    /// <summary>How many numbers.</summary>
    public int Length => Memory.Length;

    /// <summary>A buffer over memory that stays the caller's.</summary>
    /// <param name="memory">The memory.</param>
    /// <param name="isNarrow">Whether they travel as bfloat16's.</param>
    /// <param name="isRounded">Whether they are known to be bfloat16's.</param>
    public static GradientBuffer Wrap(Memory<float> memory, bool isNarrow = false, bool isRounded = false) =>
        new(memory, null, isNarrow, isRounded);

    /// <summary>
    /// The same numbers for another receiver, whose <see cref="Dispose"/> leaves them alone; they live as long as this buffer.
    /// </summary>
    public GradientBuffer Share() => new(Memory, null, IsNarrow, IsRounded);

    /// <summary>A buffer over memory from the pool, its content undefined.</summary>
    /// <param name="length">How many numbers.</param>
    /// <param name="isNarrow">Whether bfloat16's are to be put in, and are to travel as such.</param>
    public static GradientBuffer Rent(int length, bool isNarrow = false)
    {
        float[] rented = ArrayPool<float>.Shared.Rent(length);
        return new(rented.AsMemory(0, length), rented, isNarrow, isRounded: isNarrow);
    }

    /// <summary>Gives rented memory back; safe to call twice.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _rented, null) is not { } rented)
            return;
        Memory = default;
        ArrayPool<float>.Shared.Return(rented);
    }
}

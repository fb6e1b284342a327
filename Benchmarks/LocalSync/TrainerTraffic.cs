using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Protocol;

namespace Orleans.Tbptt.Benchmarks.LocalSync;

/// <summary>
/// Delays every message between coordinator and trainers, as a network would, and counts the bytes of the buffers in training messages:
/// their size on the wire, although within one silo the memory itself is passed.
/// </summary>
/// <param name="delay">The delay of each request and of each reply.</param>
internal sealed class TrainerTraffic(TimeSpan delay) : IIncomingGrainCallFilter
{
    private long _bytes;
    private long _messages;

    /// <summary>Bytes and messages since the last call.</summary>
    public (long Bytes, long Messages) Take() => (Interlocked.Exchange(ref _bytes, 0), Interlocked.Exchange(ref _messages, 0));

    public async Task Invoke(IIncomingGrainCallContext context)
    {
        if (context.InterfaceMethod.DeclaringType != typeof(ITrainerGrain))
        {
            await context.Invoke();
            return;
        }

        Count(context.Request.GetArgument(0));
        await Task.Delay(delay);
        await context.Invoke();
        Count(context.Result);
        await Task.Delay(delay);
    }

    private void Count(object? message)
    {
        IEnumerable<GradientBuffer>? buffers = message switch
        {
            StepTicket ticket => [ticket.Parameters],
            Contribution contribution => [.. contribution.GradientSums, contribution.Hidden],
            RoundTicket ticket => [ticket.Parameters],
            RoundContribution contribution => [.. contribution.Shards.SelectMany(
                shard => (IEnumerable<GradientBuffer>)[shard.DifferenceSum, shard.Hidden, .. shard.Optimizer.Averages])],
            _ => null,
        };
        if (buffers is null)
            return;
        Interlocked.Increment(ref _messages);
        Interlocked.Add(ref _bytes, buffers.Sum(buffer => (long)buffer.Length * (buffer.IsNarrow ? sizeof(ushort) : sizeof(float))));
    }
}

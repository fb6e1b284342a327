using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Runs;

/// <summary>Decides which run begins next where slots are scarce. One grain, key 0.</summary>
[Alias("tbptt.ISlotQueueGrain")]
internal interface ISlotQueueGrain : IGrainWithIntegerKey
{
    /// <summary>
    /// Asks for the slots of a run. Who has to wait asks again, every second or so: a run that has not asked for a while waits no longer.
    /// </summary>
    [Alias("Ask")]
    Task<SlotReply> Ask(SlotRequest request);

    /// <summary>The run wants no slots any more, or its trainers have them.</summary>
    [Alias("Withdraw")]
    Task Withdraw(RunId run);
}

/// <summary>Asks for slots.</summary>
/// <param name="Run">For this run.</param>
/// <param name="Trainers">As many as it has trainers.</param>
/// <param name="Priority">Higher goes first.</param>
/// <param name="SubmittedAt">Of equal priority, who came first goes first.</param>
[GenerateSerializer, Immutable, Alias("tbptt.SlotRequest")]
internal sealed record SlotRequest(
    [property: Id(0)] RunId Run, [property: Id(1)] int Trainers, [property: Id(2)] int Priority,
    [property: Id(3)] DateTimeOffset SubmittedAt);

/// <summary>Answers a <see cref="SlotRequest"/>.</summary>
/// <param name="Granted">Whether the run may place its trainers now.</param>
/// <param name="Position">How many runs go first.</param>
/// <param name="Reason">In words, what it waits for; empty when granted.</param>
[GenerateSerializer, Immutable, Alias("tbptt.SlotReply")]
internal sealed record SlotReply([property: Id(0)] bool Granted, [property: Id(1)] int Position, [property: Id(2)] string Reason);

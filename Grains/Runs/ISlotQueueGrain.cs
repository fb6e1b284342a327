using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

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

    /// <summary>Asks for more slots for a run that has some already, and keeps them for it.</summary>
    [Alias("Grow")]
    Task<SlotReply> Grow(SlotRequest request);

    /// <summary>
    /// Asks how many trainers a run that scales itself had better have now, and keeps the slots for further ones for it. Who scales itself
    /// asks again and again: from one that has not asked for a while no slots are expected back.
    /// </summary>
    [Alias("Scale")]
    Task<ScaleReply> Scale(ScaleRequest request);

    /// <summary>The run wants no slots any more, or its trainers have them.</summary>
    [Alias("Withdraw")]
    Task Withdraw(RunId run);
}

/// <summary>Asks for slots.</summary>
/// <param name="Run">For this run.</param>
/// <param name="Trainers">Trainers of the run, each of which takes <see cref="SlotsEach"/>.</param>
/// <param name="Priority">Higher goes first.</param>
/// <param name="SubmittedAt">Of equal priority, who came first goes first.</param>
[GenerateSerializer, Immutable, Alias("tbptt.SlotRequest")]
internal sealed record SlotRequest(
    [property: Id(0)] RunId Run, [property: Id(1)] int Trainers, [property: Id(2)] int Priority,
    [property: Id(3)] DateTimeOffset SubmittedAt)
{
    /// <summary>
    /// The spec's device, where the run has begun, or uses tensor cores: then only silos count that its trainers can go to.
    /// </summary>
    [Id(4)] public DeviceName? Device { get; init; }

    /// <summary>The kind of device that the run has begun on, or needs.</summary>
    [Id(5)] public string Kind { get; init; } = "";

    /// <summary>Threads of each trainer beyond the first.</summary>
    [Id(6)] public int FurtherThreads { get; init; }

    /// <summary>Slots that each trainer takes, all of one silo: as many as it has threads.</summary>
    public int SlotsEach => 1 + FurtherThreads;

    /// <summary>Slots that all of its trainers take.</summary>
    public int Slots => Trainers * SlotsEach;
}

/// <summary>Answers a <see cref="SlotRequest"/>.</summary>
/// <param name="Granted">Whether the run may place its trainers now.</param>
/// <param name="Position">How many runs go first.</param>
/// <param name="Reason">In words, what it waits for; empty when granted.</param>
[GenerateSerializer, Immutable, Alias("tbptt.SlotReply")]
internal sealed record SlotReply([property: Id(0)] bool Granted, [property: Id(1)] int Position, [property: Id(2)] string Reason);

/// <summary>Asks how many trainers a run that scales itself had better have.</summary>
/// <param name="Slots">The run, with the trainers that it has now.</param>
/// <param name="Least">It gives none of so many back.</param>
/// <param name="Most">It takes none beyond so many.</param>
[GenerateSerializer, Immutable, Alias("tbptt.ScaleRequest")]
internal sealed record ScaleRequest([property: Id(0)] SlotRequest Slots, [property: Id(1)] int Least, [property: Id(2)] int Most);

/// <summary>Answers a <see cref="ScaleRequest"/>.</summary>
/// <param name="Trainers">How many trainers the run had better have.</param>
/// <param name="Reason">In words, why another number than it has; empty where it is the same.</param>
[GenerateSerializer, Immutable, Alias("tbptt.ScaleReply")]
internal sealed record ScaleReply([property: Id(0)] int Trainers, [property: Id(1)] string Reason);

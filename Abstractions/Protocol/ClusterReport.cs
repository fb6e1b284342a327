using System.Text.Json.Serialization;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Protocol;

/// <summary>A cluster at one moment: <c>tbptt cluster</c>.</summary>
/// <param name="ClusterId">Its id.</param>
/// <param name="Version">The version of the silo that answers.</param>
/// <param name="Protocol">The protocol it speaks, <see cref="ProtocolVersion.Current"/>.</param>
/// <param name="Silos">The living silos, by name.</param>
[GenerateSerializer, Immutable, Alias("tbptt.ClusterReport")]
public sealed record ClusterReport(
    [property: Id(0)] string ClusterId, [property: Id(1)] string Version, [property: Id(2)] int Protocol,
    [property: Id(3)] IReadOnlyList<SiloReport> Silos);

/// <summary>A silo at one moment.</summary>
[GenerateSerializer, Immutable, Alias("tbptt.SiloReport")]
public sealed record SiloReport
{
    /// <summary>Its name.</summary>
    [Id(0)] public required string Name { get; init; }

    /// <summary>The address that silos reach it at.</summary>
    [Id(1)] public required string Address { get; init; }

    /// <summary>Its process.</summary>
    [Id(2)] public required int Pid { get; init; }

    /// <summary>The product's version.</summary>
    [Id(3)] public required string Version { get; init; }

    /// <summary>The devices it offers to runs that leave the choice to it: <c>cpu</c>, or <c>cuda:0</c> and so on.</summary>
    [Id(4)] public required IReadOnlyList<string> Devices { get; init; }

    /// <summary>
    /// How many threads of trainers it is meant to hold: one a core, or one a GPU, unless configured otherwise. A trainer has one, unless
    /// its run's <c>train.threads</c> says otherwise.
    /// </summary>
    [Id(5)] public required int Slots { get; init; }

    /// <summary>The trainers that live here.</summary>
    [Id(6)] public IReadOnlyList<SiloTrainer> Trainers { get; init; } = [];

    /// <summary>The runs whose coordinators live here.</summary>
    [Id(7)] public IReadOnlyList<RunId> Coordinators { get; init; } = [];

    /// <summary>Whether it has been asked to end: trainers leave it at the next step, none is placed here any more.</summary>
    [Id(8)] public bool Draining { get; init; }

    /// <summary>The address of its web page; empty where it serves none.</summary>
    [Id(9)] public string Page { get; init; } = "";

    /// <summary>Its clock when it answered; the default where the silo's version does not say.</summary>
    [Id(10)] public DateTimeOffset Clock { get; init; }

    /// <summary>Devices of it that failed, and are not offered any more.</summary>
    [Id(11)] public IReadOnlyList<string> LostDevices { get; init; } = [];

    /// <summary>What is in use of the GPUs that it offers; empty before its first sample.</summary>
    [Id(12)] public IReadOnlyList<GpuUse> Gpus { get; init; } = [];

    /// <summary>Those of the lost devices that have never computed here, because they did not pass their first check.</summary>
    [Id(13)] public IReadOnlyList<RefusedDevice> RefusedDevices { get; init; } = [];

    /// <summary>Slots that its trainers take.</summary>
    public int UsedSlots => Trainers.Sum(trainer => trainer.Slots);

    /// <summary>Slots without a trainer; none on a silo that is draining.</summary>
    public int FreeSlots => Draining ? 0 : Math.Max(0, Slots - UsedSlots);
}

/// <summary>A device that did not pass its first check on a silo.</summary>
/// <param name="Device">The device: <c>cuda:1</c>.</param>
/// <param name="Reason">What was found, and what to do.</param>
[GenerateSerializer, Immutable, Alias("tbptt.RefusedDevice")]
public sealed record RefusedDevice([property: Id(0)] string Device, [property: Id(1)] string Reason);

/// <summary>A trainer on a silo.</summary>
/// <param name="Run">Its run.</param>
/// <param name="Index">Its place among the run's trainers, from 0.</param>
[GenerateSerializer, Immutable, Alias("tbptt.SiloTrainer")]
public readonly record struct SiloTrainer([property: Id(0)] RunId Run, [property: Id(1)] int Index)
{
    /// <summary>Threads beyond the first; a silo of a former version, whose trainers have one, says nothing of them.</summary>
    [Id(2), JsonIgnore] public int FurtherThreads { get; init; }

    /// <summary>The slots that it takes: as many as it has threads.</summary>
    public int Slots => 1 + FurtherThreads;
}

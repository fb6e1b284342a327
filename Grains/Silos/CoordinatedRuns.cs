using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Silos;

/// <summary>The runs that are coordinated on this silo: a service of its host. May be asked from any thread.</summary>
public sealed class CoordinatedRuns
{
    private readonly SiloOccupants _occupants;

    internal CoordinatedRuns(SiloOccupants occupants) => _occupants = occupants;

    /// <summary>The runs now, in no order.</summary>
    public IReadOnlyList<RunId> Now => _occupants.Coordinators;

    /// <summary>
    /// The runs whose coordinators have come since the last call, whether they are here or have left: for one who looks from time to time,
    /// and would miss those that are short.
    /// </summary>
    public IReadOnlyList<RunId> TakeNew() => _occupants.TakeNewCoordinators();
}

using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Gpu.Code;

namespace Orleans.Tbptt.Training.Gpu.Kernels;

/// <summary>
/// How a layer's time steps are divided among blocks and threads: a block has some units of some lanes, a thread one unit of four lanes.
/// The recurrent weights of a block's units stay in shared memory over all time steps, where they fit.
/// </summary>
/// <param name="Gates">Gates of the cell.</param>
/// <param name="Units">Units of the layer.</param>
/// <param name="Hidden">Numbers of h: the units, unless it is a projection.</param>
/// <param name="HasWeights">Whether gates depend on the hidden state.</param>
internal sealed record SweepShape(int Gates, int Units, int Hidden, bool HasWeights)
{
    /// <summary>Lanes of a thread.</summary>
    public const int Lanes = 4;

    /// <summary>Lanes of a block at most.</summary>
    public const int MostLanes = 64;

    /// <summary>Terms of each sum whose left factors are in shared memory at once.</summary>
    public const int Terms = 32;

    /// <summary>Numbers between the left factors of two lanes: odd, so that threads do not wait for each other.</summary>
    public const int Row = Terms + 1;

    private const int LeftNumbers = MostLanes * Row;
    private const int MostNumbers = KernelCode.MostSharedBytes / sizeof(float);

    /// <summary>The same for a layer.</summary>
    public SweepShape(RecurrentCell cell, int units) : this(cell.Gates, units, cell.Outputs(units), cell.HasHiddenWeights)
    {
    }

    /// <summary>Units of a block: a power of two.</summary>
    public int BlockUnits { get; } = UnitsOf(Gates, Units);

    /// <summary>The recurrent weights of a block's units, padded.</summary>
    public int WeightNumbers => Gates * BlockUnits * (Units + 1);

    /// <summary>Whether the recurrent weights of a block stay in shared memory.</summary>
    public bool Resident => LeftNumbers + WeightNumbers <= MostNumbers;

    /// <summary>Threads of a block at most.</summary>
    public int MostThreads => BlockUnits * MostLanes / Lanes;

    /// <summary>Blocks along the units.</summary>
    public int UnitBlocks => (Units + BlockUnits - 1) / BlockUnits;

    /// <summary>Groups of four lanes of a block.</summary>
    public static int GroupsOf(int lanes) => (Math.Min(lanes, MostLanes) + Lanes - 1) / Lanes;

    private static int UnitsOf(int gates, int units)
    {
        int most = 32;
        while (most > 1 && most / 2 >= units)
            most /= 2;
        int fitting = most;
        while (fitting > 1 && LeftNumbers + (gates * fitting * (units + 1)) > MostNumbers)
            fitting /= 2;

        // Where not even one unit's weights fit, they are read from the cache at each time step.
        return LeftNumbers + (gates * fitting * (units + 1)) <= MostNumbers ? fitting : Math.Min(most, 8);
    }
}

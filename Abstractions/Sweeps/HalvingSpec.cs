namespace Orleans.Tbptt.Sweeps;

/// <summary>
/// Successive halving: every trial is trained to the first rung, and of those at a rung the best 1/<see cref="Factor"/> go on to the next.
/// </summary>
public sealed record HalvingSpec
{
    /// <summary>Epochs to the first rung.</summary>
    public int First { get; init; } = 1;

    /// <summary>
    /// The quotient of one rung's epochs and those of the rung below; of so many trials one is trained further. Default 3.
    /// </summary>
    public int Factor { get; init; } = 3;

    /// <summary>
    /// The epochs of each rung, in order. The last one is the spec's, and a rung nearer to it than <see cref="Factor"/> is left out.
    /// </summary>
    /// <param name="epochs">The epochs of the spec.</param>
    public IReadOnlyList<int> Rungs(int epochs)
    {
        var rungs = new List<int> { First };
        for (long rung = (long)First * Factor; rung * Factor <= epochs; rung *= Factor)
            rungs.Add((int)rung);
        return [.. rungs, epochs];
    }
}

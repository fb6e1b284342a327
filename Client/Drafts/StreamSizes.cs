namespace Orleans.Tbptt.Client.Drafts;

/// <summary>Proposed sizes for a stream of a given length.</summary>
/// <param name="Positions">Rows or bytes.</param>
/// <param name="Chunk">The chunk's length.</param>
internal sealed record StreamSizes(long Positions, int Chunk)
{
    private const int ChunksPerLane = 10;
    private const int StepsOfARun = 1000;
    private const int FewPositions = 60;

    /// <summary>The share held out for validation; 0 where too little would be left.</summary>
    public double Validation => Positions >= FewPositions ? 0.15 : 0;

    /// <summary>Positions held out.</summary>
    public long Held => (long)((Validation * Positions) + 0.5);

    /// <summary>Positions to train on.</summary>
    public long Training => Positions - Held;

    /// <summary>Lanes: a power of two, so many that each lane still has several chunks.</summary>
    public int Lanes(int most)
    {
        int lanes = 1;
        while (lanes < most && lanes * 2L * Chunk * ChunksPerLane <= Training)
            lanes *= 2;
        return lanes;
    }

    /// <summary>Steps of an epoch.</summary>
    public long Steps(int lanes) => Math.Max(1, (((Training - 1) / lanes) + Chunk - 1) / Chunk);

    /// <summary>Epochs that make a useful number of steps.</summary>
    public int Epochs(int lanes) => (int)Math.Clamp(StepsOfARun / Steps(lanes), 3, 100);

    /// <summary>Sizes for a CSV file.</summary>
    public static StreamSizes OfRows(long rows) => new(rows, rows switch { < 30 => 4, < 300 => 12, < 20_000 => 24, _ => 48 });
}

using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Tests.Training.Reference;

/// <summary>
/// What row a batch gives to a time step of a lane, found out row by row from its rule: time by time, longest lane first.
/// </summary>
internal static class BatchRows
{
    /// <summary>The lane and the chunk's time step of each row.</summary>
    public static List<(int Lane, int Time)> Of(LaneChunk[] chunks)
    {
        int[] lanes = [.. Enumerable.Range(0, chunks.Length).OrderBy(lane => (-chunks[lane].Length, lane))];
        var rows = new List<(int, int)>();
        for (int time = 0; time < chunks.Max(chunk => chunk.Length); time++)
            rows.AddRange(lanes.Where(lane => time < chunks[lane].Length).Select(lane => (lane, time)));
        return rows;
    }

    /// <summary>What a block's lanes do in a step.</summary>
    public static LaneChunk[] Chunks(ChunkPlan plan, long step, LaneBlock block) =>
        [.. Enumerable.Range(block.First, block.Count).Select(lane => plan[step, lane])];

    /// <summary>The masks of a layer by lane of the run and time step of the chunk.</summary>
    public static Dictionary<(int Lane, int Time), float[]> Masks(ChunkPlan plan, ChunkBatch batch, LaneBlock block, DropoutMasks dropout,
        long chunk, int layer, int units)
    {
        var mask = new float[batch.Rows * units];
        dropout.Fill(batch, layer, units, mask);
        return Of(Chunks(plan, chunk, block))
            .Select((row, index) => (Key: (block.First + row.Lane, row.Time), Value: mask.AsSpan(index * units, units).ToArray()))
            .ToDictionary(pair => pair.Key, pair => pair.Value);
    }
}

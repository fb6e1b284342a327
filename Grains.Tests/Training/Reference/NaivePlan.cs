using Orleans.Tbptt.Data.Plan;

namespace Orleans.Tbptt.Tests.Training.Reference;

/// <summary>A chunk plan written out step by step, after the function <c>plan</c> of the program that made the golden figures.</summary>
internal static class NaivePlan
{
    /// <summary>Per step, what each lane does.</summary>
    /// <param name="lengths">Time steps of each sequence, in the order they are taken.</param>
    /// <param name="lanes">Lanes.</param>
    /// <param name="cut">The lengths of a sequence's chunks.</param>
    public static List<LaneChunk[]> Of(IReadOnlyList<int> lengths, int lanes, Func<int, int[]> cut)
    {
        var free = new int[lanes];
        var steps = new List<LaneChunk[]>();
        for (int sequence = 0; sequence < lengths.Count; sequence++)
        {
            int lane = Array.IndexOf(free, free.Min());
            int start = 0;
            foreach (int length in cut(lengths[sequence]))
            {
                while (steps.Count <= free[lane])
                    steps.Add([.. Enumerable.Repeat(LaneChunk.Idle, lanes)]);
                steps[free[lane]++][lane] = new(sequence, start, length, Reset: start == 0);
                start += length;
            }
        }

        return steps;
    }

    /// <summary>Chunks of k time steps, the last one shorter.</summary>
    public static int[] ByLength(int length, int k)
    {
        var chunks = new List<int>();
        for (; length > 0; length -= k)
            chunks.Add(Math.Min(k, length));
        return [.. chunks];
    }

    /// <summary>
    /// As <c>torch.tensor_split(n)</c> without its empty parts: time steps are dealt out to the n parts, one each in turn.
    /// </summary>
    public static int[] ByCount(int length, int n)
    {
        var chunks = new int[n];
        for (int i = 0; i < length; i++)
            chunks[i % n]++;
        return [.. chunks.Where(chunk => chunk > 0)];
    }
}

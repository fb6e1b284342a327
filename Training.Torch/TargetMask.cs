using Orleans.Tbptt.Data;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Torch;

/// <summary>The targets of a batch that are not masked.</summary>
/// <param name="Kept">Rows, or flat places among the elements of all rows; in order.</param>
/// <param name="IsOfRows">Whether they are rows: each row is masked as a unit.</param>
internal sealed record TargetMask(long[] Kept, bool IsOfRows)
{
    public static TargetMask Of(ChunkBatch batch)
    {
        var classes = batch.Classes;
        if (batch.Shape.HasClasses)
            return new(Places(classes.Length, Classes(classes)), IsOfRows: true);
        bool[] kept = Values(batch.TargetValues);
        int width = batch.Shape.TargetFeatures;
        bool areRows = true;
        for (int at = 0; at < kept.Length && areRows; at++)
            areRows = kept[at] == kept[at - (at % width)];
        return areRows
            ? new(Places(batch.Rows, [.. Enumerable.Range(0, batch.Rows).Select(row => kept[row * width])]), IsOfRows: true)
            : new(Places(kept.Length, kept), IsOfRows: false);
    }

    private static bool[] Classes(ReadOnlySpan<long> classes)
    {
        var kept = new bool[classes.Length];
        for (int at = 0; at < kept.Length; at++)
            kept[at] = classes[at] != DataShape.MaskedClass;
        return kept;
    }

    private static bool[] Values(ReadOnlySpan<float> values)
    {
        var kept = new bool[values.Length];
        for (int at = 0; at < kept.Length; at++)
            kept[at] = !float.IsNaN(values[at]);
        return kept;
    }

    private static long[] Places(int count, bool[] kept) => [.. Enumerable.Range(0, count).Where(at => kept[at]).Select(at => (long)at)];
}

namespace Orleans.Tbptt.Journals;

/// <summary>Divides a range of steps into buckets, from the coarsest aggregates that resolve them.</summary>
internal static class StepRanges
{
    /// <summary>The buckets of a range; those without steps are left out.</summary>
    /// <param name="parts">The journal's parts, in order.</param>
    /// <param name="from">The first step.</param>
    /// <param name="to">The last step.</param>
    /// <param name="points">How many buckets at most.</param>
    /// <param name="clipNorm">The norm above which a gradient is clipped; null where none is.</param>
    /// <param name="damaged">Called with what cannot be read; its aggregate is shown in its place.</param>
    public static IReadOnlyList<StepBucket> Of(
        IEnumerable<StepPart> parts, long from, long to, int points, double? clipNorm, Action<DamagedSegmentException> damaged)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(points, 1);
        if (to < from)
            return [];
        long width = (to - from) / points + 1;
        var buckets = new StepBucket?[points];
        double elements = 0;
        StepBucket At(long step) => buckets[Math.Clamp((step - from) / width, 0, points - 1)] ??= new();

        foreach (var part in parts)
        {
            var total = part.Total;
            if (total.Count == 0 || total.First > to)
                continue;
            if (total.Step < from)
                elements += total[StepMetric.Weight].Sum;
            else if (total.First >= from && total.Step <= to && total.Step - total.First < width)
                At(total.Step).Add(total);
            else
                elements += AddPart(part);
        }

        List<StepBucket> found = [.. buckets.OfType<StepBucket>()];
        foreach (var bucket in found)
            bucket.Elements = elements += bucket[StepMetric.Weight].Sum;
        return found;

        // These return the weight of what is before the range.
        double AddPart(StepPart part)
        {
            try
            {
                return part.BlockWidth <= width ? AddBlocks(part.Blocks()) : AddSteps(part.Steps());
            }
            catch (DamagedSegmentException exception)
            {
                damaged(exception);
                At(Math.Min(part.Total.Step, to)).Add(part.Total);
                return 0;
            }
        }

        double AddBlocks(IReadOnlyList<StepBucket> blocks)
        {
            double before = 0;
            foreach (var block in blocks)
            {
                if (block.Step < from)
                    before += block[StepMetric.Weight].Sum;
                else if (block.First <= to)
                    At(block.Step).Add(block);
            }

            return before;
        }

        double AddSteps(StepTable steps)
        {
            double before = 0;
            for (int row = 0; row < steps.Count; row++)
            {
                long step = steps.Steps[row];
                if (step < from)
                    before += steps.Values[(int)StepMetric.Weight][row];
                else if (step <= to)
                    steps.AddTo(At(step), row, clipNorm);
            }

            return before;
        }
    }
}

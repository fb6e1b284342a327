using Orleans.Tbptt.Data.Problems;

namespace Orleans.Tbptt.Data.Npy;

/// <summary>Rows of an array, one after another.</summary>
/// <param name="First">The first.</param>
/// <param name="Count">How many.</param>
internal readonly record struct RowRange(long First, long Count);

/// <summary>
/// Checks all elements of arrays when they are opened: otherwise a NaN would show hours later, as a NaN loss. Padding after a sequence's
/// length is not checked, because it is never read.
/// </summary>
/// <param name="source">Says what a target of NaN is.</param>
/// <param name="shapes">What the arrays are.</param>
/// <param name="files">The arrays.</param>
/// <param name="problems">Collects the problems.</param>
internal sealed class ArrayContents(ArraySource source, ArrayShapes shapes, ArrayFiles files, ProblemList problems)
{
    private const int BlockElements = 1 << 14;

    private readonly float[] _values = new float[Math.Max(BlockElements, Math.Max(shapes.InputWidth, shapes.TargetElements))];
    private readonly float[] _mask = new float[shapes.MaskWidth == 0 ? 0 : Math.Max(BlockElements, shapes.MaskWidth)];
    private readonly long[] _integers = new long[BlockElements];

    /// <summary>The largest token + 1; 0 where inputs are values.</summary>
    public int Vocabulary { get; private set; }

    /// <summary>The largest class + 1; 0 where targets are values.</summary>
    public int Classes { get; private set; }

    /// <summary>How many targets are masked, of those that were checked.</summary>
    public long Masked { get; private set; }

    /// <summary>Checks inputs.</summary>
    public void CheckInputs(IEnumerable<RowRange> ranges)
    {
        foreach ((long first, int count) in Blocks(ranges, shapes.InputWidth))
        {
            if (shapes.HasTokens)
                CheckTokens(first, count);
            else
                CheckValues(first, count);
        }
    }

    /// <summary>Checks targets, and the mask before them.</summary>
    /// <returns>How many count in the loss.</returns>
    public long CheckTargets(IEnumerable<RowRange> ranges)
    {
        long kept = 0;
        foreach ((long first, int count) in Blocks(ranges, Math.Max(shapes.TargetWidth, shapes.MaskWidth)))
        {
            CheckMask(first, count);
            int keptHere = shapes.HasClasses ? CheckClasses(first, count) : CheckTargetValues(first, count);
            kept += keptHere;
            Masked += ((long)count * shapes.TargetElements) - keptHere;
        }

        return kept;
    }

    private void CheckValues(long first, int count)
    {
        Span<float> values = _values.AsSpan(0, count * shapes.InputWidth);
        files.Inputs!.Read(first * shapes.InputWidth, values);
        for (int i = 0; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i]))
                AddNotFinite(files.Inputs!, (first * shapes.InputWidth) + i, values[i], "clean the array");
        }
    }

    private void CheckTokens(long first, int count)
    {
        Span<long> tokens = _integers.AsSpan(0, count);
        files.Inputs!.Read(first, tokens);
        for (int i = 0; i < tokens.Length; i++)
        {
            if (tokens[i] is >= 0 and < int.MaxValue)
                Vocabulary = Math.Max(Vocabulary, (int)tokens[i] + 1);
            else
                Add(files.Inputs!, first + i, $"{tokens[i]}", $"a token from 0 to {int.MaxValue - 1}",
                    tokens[i] < 0 && files.Lengths is null && !shapes.IsStream
                        ? "number tokens from 0 on; name the sequences' lengths where they are padded" : "number tokens from 0 on");
        }
    }

    private int CheckTargetValues(long first, int count)
    {
        Span<float> values = _values.AsSpan(0, count * shapes.TargetWidth);
        files.Targets!.Read(first * shapes.TargetWidth, values);
        bool mayMiss = source.MissingTargets == MissingTargets.Mask;
        int kept = 0;
        for (int i = 0; i < values.Length; i++)
        {
            if (IsMasked(i) || (mayMiss && float.IsNaN(values[i])))
                continue;
            kept++;
            if (!float.IsFinite(values[i]))
                AddNotFinite(files.Targets!, (first * shapes.TargetWidth) + i, values[i],
                    float.IsNaN(values[i]) ? "fill it, or write missingTargets: mask in data, which leaves it out of the loss"
                        : "clean the array");
        }

        return kept;
    }

    private int CheckClasses(long first, int count)
    {
        Span<long> classes = _integers.AsSpan(0, count);
        files.Targets!.Read(first, classes);
        int kept = 0;
        for (int i = 0; i < classes.Length; i++)
        {
            if (IsMasked(i) || classes[i] == DataShape.MaskedClass)
                continue;
            kept++;
            if (classes[i] is >= 0 and < int.MaxValue)
                Classes = Math.Max(Classes, (int)classes[i] + 1);
            else
                Add(files.Targets!, first + i, $"{classes[i]}",
                    $"a class from 0 to {int.MaxValue - 1}, or {DataShape.MaskedClass} for none",
                    $"number classes from 0 on; {DataShape.MaskedClass} leaves a time step out of the loss");
        }

        return kept;
    }

    private void CheckMask(long first, int count)
    {
        if (shapes.MaskWidth == 0)
            return;
        Span<float> mask = _mask.AsSpan(0, count * shapes.MaskWidth);
        files.Mask!.Read(first * shapes.MaskWidth, mask);
        for (int i = 0; i < mask.Length; i++)
        {
            if (mask[i] is not (0 or 1))
                Add(files.Mask!, (first * shapes.MaskWidth) + i, $"{mask[i]}", "1 for a target that counts, or 0", "save 0 and 1",
                    DataKeys.Mask);
        }
    }

    /// <summary>Whether the mask leaves an element of the block out.</summary>
    private bool IsMasked(int element) =>
        shapes.MaskWidth != 0 && _mask[shapes.MaskWidth == 1 ? element / shapes.TargetElements : element] == 0;

    private void AddNotFinite(NpyArray array, long element, float found, string remedy) =>
        Add(array, element, $"{found}", "a finite number in the range of float32", remedy);

    private void Add(NpyArray array, long element, string found, string expected, string remedy, string key = DataKeys.Source) =>
        problems.AddInFile(array.Name, () => new(key, $"{found} at {array.Describe(element)}", expected, remedy));

    private static IEnumerable<(long First, int Count)> Blocks(IEnumerable<RowRange> ranges, int width)
    {
        int most = Math.Max(1, BlockElements / Math.Max(1, width));
        foreach (RowRange range in ranges)
        {
            for (long done = 0; done < range.Count; done += most)
                yield return (range.First + done, (int)Math.Min(most, range.Count - done));
        }
    }
}

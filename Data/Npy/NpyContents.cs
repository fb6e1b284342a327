using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Npy;

/// <summary>
/// Checks all elements of an array when it is opened: otherwise a NaN would show hours later, as a NaN loss. Padding after a
/// sequence's length is not checked, because it is never read.
/// </summary>
/// <param name="array">The array, <c>[N, T, width]</c>.</param>
/// <param name="lengths">Time steps of each sequence; null when all have T.</param>
/// <param name="width">Elements of a time step.</param>
/// <param name="problems">Collects the problems.</param>
internal sealed class NpyContents(NpyArray array, int[]? lengths, long width, ProblemList problems)
{
    private const int BlockElements = 1 << 14;

    /// <summary>Checks that every value is a finite float32.</summary>
    public void CheckValues()
    {
        var block = new float[BlockElements];
        foreach ((long start, long end) in Stretches())
        {
            for (long first = start; first < end; first += BlockElements)
            {
                Span<float> values = block.AsSpan(0, (int)Math.Min(BlockElements, end - first));
                array.Read(first, values);
                for (int i = 0; i < values.Length; i++)
                {
                    if (!float.IsFinite(values[i]))
                        Add(first + i, $"{values[i]}", "a finite number in the range of float32", "clean the array");
                }
            }
        }
    }

    /// <summary>
    /// Checks that every token (or class) is a non-negative 32-bit integer, and returns their number: the largest + 1.
    /// </summary>
    public int CheckTokens()
    {
        long largest = 0;
        var block = new long[BlockElements];
        foreach ((long start, long end) in Stretches())
        {
            for (long first = start; first < end; first += BlockElements)
            {
                Span<long> tokens = block.AsSpan(0, (int)Math.Min(BlockElements, end - first));
                array.Read(first, tokens);
                for (int i = 0; i < tokens.Length; i++)
                {
                    if (tokens[i] is >= 0 and < int.MaxValue)
                        largest = Math.Max(largest, tokens[i]);
                    else
                        Add(first + i, $"{tokens[i]}", $"a number from 0 to {int.MaxValue - 1}", "number tokens and classes from 0 on");
                }
            }
        }

        return (int)largest + 1;
    }

    private void Add(long element, string found, string expected, string remedy) => problems.AddInFile(
        array.Path, () => new SpecProblem(DataKeys.Source, $"{found} at {array.Describe(element)}", expected, remedy));

    private IEnumerable<(long Start, long End)> Stretches()
    {
        (long sequences, long steps) = (array.Header.Shape[0], array.Header.Shape[1]);
        return lengths is null
            ? [(0, sequences * steps * width)]
            : lengths.Select((length, sequence) => (sequence * steps * width, ((sequence * steps) + length) * width));
    }
}

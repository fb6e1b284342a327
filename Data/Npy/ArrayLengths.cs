using Orleans.Tbptt.Data.Problems;

namespace Orleans.Tbptt.Data.Npy;

/// <summary>Reads how many time steps each sequence of an array has.</summary>
internal static class ArrayLengths
{
    /// <summary>Reads them; null, with problems, where they are not one for each sequence.</summary>
    /// <param name="array">The lengths.</param>
    /// <param name="inputs">The array whose sequences they are of.</param>
    /// <param name="shapes">What that is.</param>
    /// <param name="problems">Collects the problems.</param>
    public static int[]? Read(NpyArray array, NpyArray inputs, ArrayShapes shapes, ProblemList problems)
    {
        if (array.Header.Shape.Count != 1 || array.Header.Shape[0] != shapes.Sequences || array.Header.Type.Kind == NumberKind.Boolean)
        {
            problems.Add(
                DataKeys.Source, $"{array}",
                $"lengths as integers of shape [{shapes.Sequences}], one for each sequence of {inputs.Name} "
                + Wording.Shape(inputs.Header.Shape),
                array.Header.Type.Kind == NumberKind.Boolean ? "save one length per sequence; a mask of time steps is named by data.mask"
                    : "save one length per sequence");
            return null;
        }

        var lengths = new int[shapes.Sequences];
        Span<double> block = stackalloc double[512];
        for (int first = 0; first < lengths.Length; first += block.Length)
        {
            Span<double> part = block[..Math.Min(block.Length, lengths.Length - first)];
            array.Read(first, part);
            for (int i = 0; i < part.Length; i++)
            {
                (double length, int at) = (part[i], first + i);
                bool fits = length >= 1 && length <= shapes.Steps && length == Math.Floor(length);
                lengths[at] = fits ? (int)length : 1;
                if (fits)
                    continue;
                problems.AddInFile(array.Name, () => new(
                    DataKeys.Source, $"{length} at {array.Describe(at)}", $"a length from 1 to {shapes.Steps}",
                    length == Math.Floor(length) ? "correct the length" : "save whole numbers: array.astype('int64')"));
            }
        }

        return lengths;
    }
}

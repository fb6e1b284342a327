namespace Orleans.Tbptt.Training.Metrics;

/// <summary>What labels a path of classes over time stands for, and how far two label sequences are from each other.</summary>
internal static class LabelPath
{
    /// <summary>
    /// The labels of the likeliest path (greedy decoding): of classes that follow each other alike the first one, without blanks.
    /// </summary>
    /// <param name="path">The class of each time step; receives the labels in its first places.</param>
    /// <param name="blank">The class that stands for no label.</param>
    /// <returns>How many labels there are.</returns>
    public static int Decode(Span<int> path, int blank)
    {
        int count = 0, before = blank;
        foreach (int one in path)
        {
            if (one != blank && one != before)
                path[count++] = one;
            before = one;
        }

        return count;
    }

    /// <summary>How many labels have to be put in, left out or changed to make one sequence of the other (Levenshtein, 1966).</summary>
    public static int Distance(ReadOnlySpan<int> one, ReadOnlySpan<int> other)
    {
        int[] row = [.. Enumerable.Range(0, other.Length + 1)];
        for (int i = 0; i < one.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i + 1;
            for (int j = 0; j < other.Length; j++)
            {
                int changed = diagonal + (one[i] == other[j] ? 0 : 1);
                diagonal = row[j + 1];
                row[j + 1] = Math.Min(changed, 1 + Math.Min(diagonal, row[j]));
            }
        }

        return row[^1];
    }
}

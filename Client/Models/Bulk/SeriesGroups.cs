using Orleans.Tbptt.Data;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Client.Models.Bulk;

/// <summary>
/// Which series are computed next to each other, and how many rows of each at a time. It depends on how many blocks can be computed at a
/// time, and no bit of the forecasts depends on it.
/// </summary>
/// <param name="sequences">The series.</param>
/// <param name="targets">Outputs of a row.</param>
/// <param name="inputs">Inputs of a row.</param>
/// <param name="parameters">Parameters of the model.</param>
/// <param name="slots">Blocks that are computed at a time.</param>
/// <param name="wholes">Whether a block has whole series, because the model takes them whole.</param>
/// <param name="work">Multiplications of a block, about.</param>
internal sealed class SeriesGroups(
    ISequenceSet sequences, int targets, int inputs, long parameters, int slots, bool wholes = false,
    long work = SeriesGroups.DefaultWork)
{
    /// <summary>Outputs that are kept until those of the series before them are complete, at most, for each slot: 4 MiB.</summary>
    public const int MostKept = 1 << 20;

    /// <summary>Multiplications of a block, about: some hundredths of a second.</summary>
    public const long DefaultWork = 1L << 28;

    private const int MostValues = 1 << 20;

    /// <summary>Rows of a block, about.</summary>
    private readonly int _rows = (int)Math.Min(Math.Max(1, work / parameters), Math.Max(1, MostValues / (inputs + targets)));

    /// <summary>The groups, in the order of their series.</summary>
    public IEnumerable<(int First, int Count)> All()
    {
        int lanes = Math.Clamp((sequences.Count + (2 * slots) - 1) / (2 * slots), 1, BlockForecaster.Lanes);
        long enough = Math.Min(_rows, Enumerable.Range(0, sequences.Count).Sum(i => (long)sequences.Length(i)) / (2 * slots));
        for (int first = 0, count; first < sequences.Count; first += count)
        {
            count = 0;
            for (long rows = 0; first + count < sequences.Count && (count < lanes || rows < enough); count++)
            {
                rows += sequences.Length(first + count);
                if (rows * targets > MostKept)
                    break;
            }

            count = Math.Max(1, count);
            yield return (first, count);
        }
    }

    /// <summary>Time steps of a block of a group.</summary>
    /// <param name="first">Its first series.</param>
    /// <param name="count">How many series it has.</param>
    public int Steps(int first, int count) => wholes ? Enumerable.Range(first, count).Max(sequences.Length)
        : Math.Max(1, _rows / Math.Min(count, BlockForecaster.Lanes));
}

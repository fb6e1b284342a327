using System.Runtime.InteropServices;
using Orleans.Tbptt.Data.Streams;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>The times of a table's rows.</summary>
/// <param name="times">The time of each row, a float64 in the place of two values; closed by its owner.</param>
/// <param name="order">Words them.</param>
/// <param name="rows">Which rows each sequence covers.</param>
internal sealed class TableTimes(FloatTable times, RowOrder order, StreamRows rows) : ISequenceTimes
{
    public string Name => order.TimeName;

    public bool AreDates => order.HasDates;

    public double InstantOf(int sequence, int step)
    {
        Span<double> time = stackalloc double[1];
        times.Read(rows.Starts[sequence] + step, MemoryMarshal.Cast<double, float>(time));
        return time[0];
    }

    public string Show(double instant) => order.Show(instant);
}

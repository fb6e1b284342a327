using System.Runtime.InteropServices;
using Orleans.Tbptt.Data.Problems;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>The second pass over the rows of a table: statistics of the training part, and the values that are trained on.</summary>
/// <param name="raw">The rows as they were read.</param>
/// <param name="block">Room for a block of them.</param>
/// <param name="order">The series of each row, and the order of time.</param>
/// <param name="trainingRows">How many rows of each series are trained on.</param>
internal sealed class TableRows(RawTable raw, TableBlock block, RowOrder order, IReadOnlyList<long> trainingRows)
{
    /// <summary>
    /// The statistics of columns over the rows to train on: those of the rows held out would leak information about them into training.
    /// </summary>
    /// <param name="columns">The columns, by their index among those read.</param>
    /// <param name="perSeries">Whether each series has its own.</param>
    /// <param name="common">
    /// Those that have the same ones in all series even so: what is constant within a series would be 0 everywhere.
    /// </param>
    public ColumnStatistics Statistics(IReadOnlyList<int> columns, bool perSeries, IReadOnlyList<int> common)
    {
        int width = columns.Count;
        var total = new Moments[perSeries ? width * trainingRows.Count : width];
        var isHeldOut = new bool[total.Length];
        var places = new RowPlaces(order.Rows, order.IsNewestFirst);
        var series = new int[block.Capacity];
        var cells = new double[block.Capacity];
        for (int i = 0; i < raw.Blocks; i++)
        {
            raw.Read(i, block);
            MarkTrained(places, series);
            for (int column = 0; column < width; column++)
            {
                ReadOnlySpan<double> all = block.Column(columns[column])[..block.Rows];
                int count = 0;
                for (int row = 0; row < all.Length; row++)
                {
                    if (series[row] < 0)
                    {
                        if (perSeries && !double.IsNaN(all[row]))
                            isHeldOut[(~series[row] * width) + column] = true;
                        continue;
                    }

                    if (perSeries)
                        total[(series[row] * width) + column] = total[(series[row] * width) + column].And(all[row]);
                    else
                        cells[count++] = all[row];
                }

                if (!perSeries)
                    total[column] = total[column].And(Moments.Of(cells.AsSpan(0, count)));
            }
        }

        foreach (int column in perSeries ? common : [])
        {
            Moments all = default;
            for (int at = column; at < total.Length; at += width)
                all = all.And(total[at]);
            for (int at = column; at < total.Length; at += width)
                total[at] = all;
        }

        return ColumnStatistics.Of(total, width, perSeries) with
        {
            Unscaled = [.. Enumerable.Range(0, total.Length).Where(at => isHeldOut[at] && total[at].Count == 0)
                .Select(at => at / width).Distinct()],
        };
    }

    /// <summary>How many of the first rows of the file each series has, those alone that lie before a time.</summary>
    /// <param name="first">How many rows of the file.</param>
    /// <param name="before">The time; where rows have no times in order, all are before it.</param>
    public IReadOnlyList<long> RowsAmong(long first, double before = double.PositiveInfinity)
    {
        var rows = new long[order.Rows.Count];
        for (int i = 0; i < raw.Blocks && first > 0; i++)
        {
            raw.Read(i, block);
            ReadOnlySpan<double> times = order.OrderedTime < 0 ? [] : block.Column(order.OrderedTime)[..block.Rows];
            for (int row = 0; row < block.Rows && first > 0; row++, first--)
            {
                if (times.IsEmpty || times[row] < before)
                    rows[order.SeriesOf(block, row)]++;
            }
        }

        return rows;
    }

    /// <summary>How many rows to train on have each text of some columns; of each, behind its last text, how many have none.</summary>
    /// <param name="columns">The columns, by their index among those read.</param>
    /// <param name="tallies">Have their texts.</param>
    public IReadOnlyList<long[]> CountTexts(IReadOnlyList<int> columns, IReadOnlyList<ColumnTally> tallies)
    {
        long[][] counts = [.. columns.Select(column => new long[tallies[column].Texts.Count + 1])];
        var places = new RowPlaces(order.Rows, order.IsNewestFirst);
        var series = new int[block.Capacity];
        for (int i = 0; i < raw.Blocks && columns.Count > 0; i++)
        {
            raw.Read(i, block);
            MarkTrained(places, series);
            for (int column = 0; column < columns.Count; column++)
            {
                ReadOnlySpan<double> codes = block.Column(columns[column])[..block.Rows];
                for (int row = 0; row < codes.Length; row++)
                {
                    if (series[row] >= 0)
                        counts[column][double.IsNaN(codes[row]) ? counts[column].Length - 1 : (int)codes[row]]++;
                }
            }
        }

        return counts;
    }

    /// <summary>
    /// All rows as they are trained on, series by series: first the columns of numbers, of which missing cells are NaN, then the classes of
    /// those of classes.
    /// </summary>
    /// <param name="columns">The columns of numbers, by their index among those read.</param>
    /// <param name="categories">The columns of classes.</param>
    /// <param name="statistics">Standardises the columns of numbers.</param>
    /// <param name="histograms">Take the values of each as they were read; empty where they have them.</param>
    /// <exception cref="TemporaryFileException">There is no room on disk.</exception>
    public FloatTable Standardised(
        IReadOnlyList<int> columns, IReadOnlyList<CategoryColumn> categories, ColumnStatistics statistics,
        IReadOnlyList<ColumnHistogram> histograms)
    {
        int width = columns.Count + categories.Count;
        var table = new FloatTable(width, raw.Rows);
        try
        {
            var places = new RowPlaces(order.Rows, order.IsNewestFirst);
            var rows = new float[block.Capacity * width];
            long first = 0;
            for (int i = 0; i < raw.Blocks; i++)
            {
                raw.Read(i, block);
                for (int column = 0; column < columns.Count; column++)
                {
                    ReadOnlySpan<double> cells = block.Column(columns[column])[..block.Rows];
                    if (histograms.Count > 0)
                        histograms[column].Add(cells);
                    for (int row = 0, at = column; row < cells.Length; row++, at += width)
                        rows[at] = statistics.Scale(statistics.IsPerSeries ? order.SeriesOf(block, row) : 0, column, cells[row]);
                }

                for (int column = columns.Count; column < width; column++)
                {
                    CategoryColumn category = categories[column - columns.Count];
                    ReadOnlySpan<double> codes = block.Column(category.Read)[..block.Rows];
                    for (int row = 0, at = column; row < codes.Length; row++, at += width)
                        rows[at] = category.NumberOf(codes[row]);
                }

                if (places.IsFileOrder)
                    table.Write(first, rows.AsSpan(0, block.Rows * width));
                else
                    Place(table, places, rows);
                first += block.Rows;
            }

            return table;
        }
        catch
        {
            table.Dispose();
            throw;
        }
    }

    /// <summary>
    /// The time of each row, in the order of the table that is trained on: a float64, in the place of two values. Null where no time is
    /// known in order.
    /// </summary>
    /// <exception cref="TemporaryFileException">There is no room on disk.</exception>
    public FloatTable? Times()
    {
        int time = order.OrderedTime;
        if (time < 0)
            return null;
        var table = new FloatTable(sizeof(double) / sizeof(float), raw.Rows);
        try
        {
            var places = new RowPlaces(order.Rows, order.IsNewestFirst);
            for (int i = 0; i < raw.Blocks; i++)
            {
                raw.Read(i, block);
                Place(table, places, MemoryMarshal.Cast<double, float>(block.Column(time)[..block.Rows]));
            }

            return table;
        }
        catch
        {
            table.Dispose();
            throw;
        }
    }

    /// <summary>The time of a row, oldest first, as people write it; null where no time is known in order.</summary>
    /// <param name="row">The row, in a table without series.</param>
    public string? TimeOf(long row)
    {
        int time = order.OrderedTime;
        if (time < 0)
            return null;
        long inFile = order.IsNewestFirst ? raw.Rows - 1 - row : row;
        int index = 0;
        for (; inFile >= raw.RowsOf(index); index++)
            inFile -= raw.RowsOf(index);
        raw.Read(index, block);
        return order.Show(block.Column(time)[(int)inFile]);
    }

    /// <summary>
    /// Remarks on columns of which standardising leaves few different values: their deviation comes of a few extreme ones.
    /// </summary>
    /// <param name="used">The columns.</param>
    /// <param name="surveys">What each column read holds.</param>
    /// <param name="table">The values that are trained on.</param>
    public IReadOnlyList<string> Flattened(UsedColumns used, IReadOnlyList<ColumnSurvey> surveys, FloatTable table)
    {
        const int Looked = 4096;
        const int Share = 4;
        if (raw.Blocks == 0 || used.Read.All(column => surveys[column].Distinct is not null))
            return [];
        raw.Read(0, block);
        int rows = (int)Math.Min(Math.Min(Looked, block.Rows), table.Rows);
        var values = new float[rows * table.Width];
        table.Read(0, values);
        var remarks = new List<string>();
        foreach (var (column, name) in used.Names.Index())
        {
            int before = new HashSet<double>(block.Column(used.Read[column])[..rows].ToArray().Where(value => !double.IsNaN(value))).Count;
            int after = new HashSet<float>(Enumerable.Range(0, rows).Select(row => values[(row * table.Width) + column])).Count;
            if (before > ColumnSurvey.MostDistinct && after * Share < before)
            {
                remarks.Add($"standardising leaves {after} of {before} different values in the first {rows} rows of column "
                    + $"{Wording.Quote(name)}: look for extreme values further down");
            }
        }

        return remarks;
    }

    // The series of each row of the block; its complement where the row is held out.
    private void MarkTrained(RowPlaces places, int[] series)
    {
        for (int row = 0; row < block.Rows; row++)
        {
            int one = order.SeriesOf(block, row);
            series[row] = places.NextIn(one) < trainingRows[one] ? one : ~one;
        }
    }

    // Rows that stay next to each other are written at once.
    private void Place(FloatTable table, RowPlaces places, ReadOnlySpan<float> rows)
    {
        int width = table.Width, from = 0;
        long start = -1;
        for (int row = 0; row < block.Rows; row++)
        {
            int series = order.SeriesOf(block, row);
            long place = places.Starts[series] + places.NextIn(series);
            if (row > 0 && place == start + row - from)
                continue;
            if (row > 0)
                table.Write(start, rows.Slice(from * width, (row - from) * width));
            (from, start) = (row, place);
        }

        if (block.Rows > 0)
            table.Write(start, rows.Slice(from * width, (block.Rows - from) * width));
    }
}

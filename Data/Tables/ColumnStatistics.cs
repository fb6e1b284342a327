using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Descriptions;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>Count, mean and squared deviations of some numbers in float64; NaN is no number and does not count.</summary>
/// <param name="Count">How many numbers.</param>
/// <param name="Mean">Their mean; 0 for none.</param>
/// <param name="Squares">The sum of the squares of their differences from the mean.</param>
/// <param name="Rest">
/// What the mean was rounded off by: the mean of readings near 1.7e9 has an error of 1e-7, which adds up where many blocks are joined.
/// </param>
internal readonly record struct Moments(long Count, double Mean, double Squares, double Rest = 0)
{
    /// <summary>The population's standard deviation; 0 for a constant, and for no number.</summary>
    public double Deviation => Count > 0 && Squares > 0 ? Math.Sqrt(Squares / Count) : 0;

    /// <summary>
    /// The moments of numbers: first the mean, then the differences from it. The textbook's Σx² − (Σx)²/n loses every digit of a column
    /// whose mean is far larger than its deviation. Sums are of differences from the first number, so that the mean of a constant is that
    /// constant, and its deviation 0.
    /// </summary>
    public static Moments Of(ReadOnlySpan<double> numbers)
    {
        long count = 0;
        double first = 0, sum = 0;
        foreach (double number in numbers)
        {
            if (double.IsNaN(number))
                continue;
            if (count++ == 0)
                first = number;
            sum += number - first;
        }

        if (count == 0)
            return default;
        double offset = sum / count, squares = 0;
        foreach (double number in numbers)
        {
            double difference = number - first - offset;
            if (!double.IsNaN(number))
                squares += difference * difference;
        }

        return At(first, offset, count, squares);
    }

    /// <summary>The moments with one number more (Welford, 1962).</summary>
    public Moments And(double number)
    {
        if (double.IsNaN(number))
            return this;
        double difference = number - Mean - Rest;
        Moments all = At(Mean, Rest + (difference / (Count + 1)), Count + 1, Squares);
        return all with { Squares = Squares + (difference * (number - all.Mean - all.Rest)) };
    }

    /// <summary>The moments of both (Chan, Golub and LeVeque, 1979).</summary>
    public Moments And(Moments other)
    {
        if (Count == 0)
            return other;
        if (other.Count == 0)
            return this;
        long count = Count + other.Count;
        double difference = other.Mean - Mean + (other.Rest - Rest);
        double share = (double)other.Count / count;
        return At(Mean, Rest + (difference * share), count, Squares + other.Squares + (difference * difference * Count * share));
    }

    /// <summary>Moments with a mean of two parts, of which the second is small.</summary>
    private static Moments At(double first, double offset, long count, double squares)
    {
        double mean = first + offset;
        return new(count, mean, squares, offset - (mean - first));
    }
}

/// <summary>The numbers that standardise each column: <c>(value - Mean) / Deviation</c>, computed in float64.</summary>
/// <param name="Mean">
/// The mean of each column over the rows to train on, <c>[Width]</c>, or <c>[series × Width]</c>; 0 when columns are left as they are, NaN
/// where these rows have no value, so that no value of the column is one that the model knows.
/// </param>
/// <param name="Deviation">
/// The population's standard deviation of each column; 1 for a constant one, and when columns are left as they are; NaN as the mean.
/// </param>
/// <param name="Width">How many columns.</param>
internal sealed record ColumnStatistics(double[] Mean, double[] Deviation, int Width) : IColumnUnits
{
    /// <summary>Whether each series has its own, also where there is one series only.</summary>
    public bool IsPerSeries { get; private init; }

    /// <summary>Whether columns are left as they are.</summary>
    public bool IsIdentity { get; private init; }

    /// <summary>The columns without a value in the rows to train on.</summary>
    public IReadOnlyList<int> Empty { get; private init; } = [];

    /// <summary>
    /// The series of which a column has values in rows held out and none in rows to train on: nothing is known that would scale these.
    /// </summary>
    public IReadOnlyList<int> Unscaled { get; init; } = [];

    /// <summary>
    /// The series in which a column has the same value in all rows to train on, by columns; empty where columns are scaled alike.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<int>> Constant { get; private init; } = [];

    /// <summary>Leaves columns as they are.</summary>
    public static ColumnStatistics None(int width) =>
        new(new double[width], [.. Enumerable.Repeat(1.0, width)], width) { IsIdentity = true };

    /// <summary>Standardises by moments.</summary>
    /// <param name="columns">Those of each column, in each series where it has its own.</param>
    /// <param name="width">How many columns.</param>
    /// <param name="perSeries">Whether each series has its own.</param>
    public static ColumnStatistics Of(IReadOnlyList<Moments> columns, int width, bool perSeries) => new(
        [.. columns.Select(one => one.Count > 0 ? one.Mean : double.NaN)],
        [.. columns.Select(one => one.Count == 0 ? double.NaN : one.Deviation > 0 ? one.Deviation : 1.0)], width)
        {
            Empty = [.. columns.Index().GroupBy(one => one.Index % width).Where(alike => alike.All(one => one.Item.Count == 0))
                .Select(alike => alike.Key)],
            IsPerSeries = perSeries,
            Constant = !perSeries ? [] :
            [
                .. Enumerable.Range(0, width).Select(column => (IReadOnlyList<int>)[.. Enumerable.Range(0, columns.Count / width)
                    .Where(series => columns[(series * width) + column] is { Count: > 0, Deviation: 0 })]),
            ],
        };

    /// <summary>The statistics by which columns were standardised, by name.</summary>
    public static ColumnStatistics Of(IReadOnlyList<ColumnDescription> described, IReadOnlyList<string> names)
    {
        ColumnDescription[] columns = [.. names.Select(name => described.First(column => column.Name == name))];
        return described.All(column => column.ScaleMean is null) ? None(names.Count) : OfScales(columns, names.Count);
    }

    /// <summary>What a description has: null for a column without a value in the rows to train on.</summary>
    public static double? Described(double scale) => double.IsNaN(scale) ? null : scale;

    /// <summary>What scaled columns in training: in each series alike, or its own.</summary>
    /// <param name="source">Says whose statistics scale.</param>
    /// <param name="trained">What was trained on.</param>
    /// <param name="names">The columns.</param>
    /// <param name="order">The series of the table that is scaled now.</param>
    /// <param name="problems">Collects series that were not trained on.</param>
    public static ColumnStatistics OfTrained(
        TableSource source, SourceDescription trained, IReadOnlyList<string> names, RowOrder order, ProblemList problems)
    {
        if (source.Scale != TableScale.Series || !source.Standardize)
            return Of(trained.Columns, names);
        var scales = new Dictionary<(string Series, string Column), ColumnDescription>();
        foreach (ColumnDescription column in trained.Columns.Where(column => column.Series is not null))
            scales.TryAdd((column.Series!, column.Name), column);
        string[] missing = [.. order.Names.Where(series => names.Any(name => !scales.ContainsKey((series, name))))];
        if (missing.Length > 0)
        {
            problems.Add(
                DataKeys.Series, $"{Wording.List(missing)}, which the model was not trained on", "series with a scale of their own",
                "leave these rows out, or train with data.scale: column");
            return None(names.Count);
        }

        ColumnDescription[] columns = [.. order.Names.SelectMany(series => names.Select(name => scales[(series, name)]))];
        return OfScales(columns, names.Count) with { IsPerSeries = true };
    }

    private static ColumnStatistics OfScales(IReadOnlyList<ColumnDescription> columns, int width) => new(
        [.. columns.Select(column => column.ScaleMean ?? double.NaN)], [.. columns.Select(column => column.ScaleDeviation ?? double.NaN)],
        width);

    /// <summary>A value as it is trained on.</summary>
    /// <param name="series">The series of its row; 0 where all have the same statistics.</param>
    /// <param name="column">Its column.</param>
    /// <param name="value">The value.</param>
    public float Scale(int series, int column, double value)
    {
        int at = (series * Width) + column;
        return (float)((value - Mean[at]) / Deviation[at]);
    }

    /// <inheritdoc/>
    public double Factor(int series, int column) => Deviation[Place(series, column)];

    /// <inheritdoc/>
    public void ToUnits(int series, long row, int column, ReadOnlySpan<float> values, Span<double> destination)
    {
        int at = Place(series, column);
        (double mean, double deviation) = (Mean[at], Deviation[at]);
        for (int i = 0; i < values.Length; i++)
            destination[i] = (values[i] * deviation) + mean;
    }

    private int Place(int series, int column) => (IsPerSeries ? series * Width : 0) + column;
}

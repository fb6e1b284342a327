namespace Orleans.Tbptt.Silo.Web.Charts;

/// <summary>Maps the values of an axis to places from 0 to 1, and chooses round ticks.</summary>
internal sealed class Scale
{
    /// <summary>Values of a greater size are not drawn: the distance between two of them need not be a finite number.</summary>
    public const double Most = 1e300;

    private const double Margin = 0.04;
    private static readonly double[] Durations =
        [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800];

    private readonly ChartAxis _axis;
    private readonly bool _log;

    private Scale(ChartAxis axis, bool log, double low, double high) => (_axis, _log, Low, High) = (axis, log, low, high);

    /// <summary>The value at place 0.</summary>
    public double Low { get; }

    /// <summary>The value at place 1.</summary>
    public double High { get; }

    /// <summary>Whether the scale is logarithmic.</summary>
    public bool IsLog => _log;

    /// <summary>The scale that shows all finite values; of a logarithmic axis, all positive ones.</summary>
    /// <param name="axis">The axis.</param>
    /// <param name="values">The values.</param>
    /// <param name="from">A given lower end.</param>
    /// <param name="to">A given upper end.</param>
    /// <param name="tight">Whether the outermost values lie on the ends, as along the horizontal axis.</param>
    public static Scale Of(ChartAxis axis, IEnumerable<double> values, double? from = null, double? to = null, bool tight = false)
    {
        bool log = axis.Log;
        var (low, high) = Extent(values, log, out bool isLeft);
        if (log && !isLeft)
            return Of(axis with { Log = false }, values, from, to, tight);
        if (!isLeft)
            (low, high) = (0, 1);
        if (axis.Kind == AxisKind.Share)
            (low, high) = (0, 1);
        else if (!tight)
            (low, high) = Padded(axis, low, high);
        else if (low == high)
            (low, high) = log ? (low / 1.5, high * 1.5) : (low - Half(low), high + Half(high));
        (low, high) = (from ?? low, to ?? high);
        // A zoom that shows nothing is widened, so that the axis keeps its meaning.
        return new(axis, log && low > 0, low, high > low ? high : low + Math.Max(Math.Abs(low) * 1e-6, 1e-9));
    }

    /// <summary>A value's place, 0 to 1 within the scale; NaN where it has none.</summary>
    public double Place(double value) => _log
        ? value > 1 / Most ? (Math.Log(value) - Math.Log(Low)) / (Math.Log(High) - Math.Log(Low)) : double.NaN
        : (value - Low) / (High - Low);

    /// <summary>Round values within the scale, at most <paramref name="most"/>, in order.</summary>
    public IReadOnlyList<double> Ticks(int most)
    {
        if (_log && Decades(most) is { Count: > 1 } decades)
            return decades;
        double step = Step(most);
        double first = Math.Ceiling(Low / step - 1e-9) * step;
        var ticks = new List<double>();
        for (int i = 0; i <= most && first + (i * step) <= High + (step * 1e-9); i++)
            ticks.Add(Math.Abs(first + (i * step)) < step * 1e-9 ? 0 : Round(first + (i * step), step));
        return ticks;
    }

    private static (double Low, double High) Extent(IEnumerable<double> values, bool positive, out bool isAny)
    {
        (double low, double high) = (double.PositiveInfinity, double.NegativeInfinity);
        foreach (double value in values)
        {
            if (Math.Abs(value) < Most && (!positive || value > 1 / Most))
                (low, high) = (Math.Min(low, value), Math.Max(high, value));
        }

        isAny = low <= high;
        return (low, high);
    }

    private static double Half(double value) => Math.Max(Math.Abs(value) * 0.05, 0.5);

    private static (double Low, double High) Padded(ChartAxis axis, double low, double high)
    {
        if (axis.Log)
        {
            double factor = low == high ? 1.5 : Math.Pow(high / low, Margin);
            return (low / factor, high * factor);
        }

        double room = low == high ? Math.Max(Math.Abs(low) * 0.05, 1e-9) : (high - low) * Margin;
        return axis.FromZero && low >= 0 ? (0, high == 0 ? 1 : high + room) : (low - room, high + room);
    }

    /// <summary>Powers of ten and, where these are few, 2 and 5 times them; none where the scale spans too little for them.</summary>
    private List<double> Decades(int most)
    {
        int first = (int)Math.Floor(Math.Log10(Low)), last = (int)Math.Ceiling(Math.Log10(High));
        int every = Math.Max(1, (int)Math.Ceiling((last - first + 1) / (double)most));
        double[] factors = last - first <= most / 3 ? [1, 2, 5] : [1];
        var ticks = new List<double>();
        for (int decade = first; decade <= last; decade += every)
            ticks.AddRange(factors.Select(factor => factor * Math.Pow(10, decade)));
        return [.. ticks.Where(tick => tick >= Low && tick <= High)];
    }

    private double Step(int most)
    {
        double rough = (High - Low) / most;
        if (_axis.Kind == AxisKind.Duration && rough is > 0.5 and < 604_800)
            return Durations.First(duration => duration >= rough);
        if (_axis.Kind == AxisKind.Bytes && rough >= 1)
            return Math.Pow(2, Math.Ceiling(Math.Log2(rough)));
        double power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        double step = power * ((rough / power) switch { <= 1 => 1, <= 2 => 2, <= 5 => 5, _ => 10 });
        return _axis.Kind == AxisKind.Count ? Math.Max(1, step) : step;
    }

    private static double Round(double value, double step) =>
        Math.Abs(step) is > 1e-12 and < 1 ? Math.Round(value, Math.Min(15, (int)Math.Ceiling(-Math.Log10(step)) + 1)) : value;
}

namespace Orleans.Tbptt.Client.Views;

/// <summary>
/// The course of a loss over a run of any length in constant memory: at most <see cref="Capacity"/> means of equally many values.
/// When it is full, neighbours are merged and each mean covers twice as many values from then on.
/// </summary>
internal sealed class LossTrend
{
    /// <summary>The maximum number of points.</summary>
    public const int Capacity = 48;

    private const string Levels = "▁▂▃▄▅▆▇█";
    private const string PlainLevels = "_.-=+*#@";

    private readonly List<double> _means = new(Capacity);
    private int _width = 1;
    private int _count;
    private double _sum;

    /// <summary>The points, oldest first.</summary>
    public IReadOnlyList<double> Points => _count == 0 ? _means : [.. _means, _sum / _count];

    /// <summary>Adds the next value; ignores values that are not finite.</summary>
    public void Add(double value)
    {
        if (!double.IsFinite(value))
            return;
        _sum += value;
        if (++_count < _width)
            return;
        _means.Add(_sum / _count);
        (_sum, _count) = (0, 0);
        if (_means.Count < Capacity)
            return;
        for (int i = 0; i < Capacity / 2; i++)
            _means[i] = (_means[2 * i] + _means[(2 * i) + 1]) / 2;
        _means.RemoveRange(Capacity / 2, Capacity / 2);
        _width *= 2;
    }

    /// <summary>The points as a row of blocks, the lowest value lowest; empty below two points.</summary>
    /// <param name="unicode">Whether the terminal can show block characters.</param>
    /// <param name="most">The maximum number of blocks; neighbours are merged until they fit.</param>
    public string Sparkline(bool unicode, int most = Capacity)
    {
        var points = Points;
        if (points.Count < 2 || most < 2)
            return "";
        while (points.Count > most)
            points = [.. points.Chunk(2).Select(pair => pair.Average())];
        string levels = unicode ? Levels : PlainLevels;
        double low = points.Min(), range = points.Max() - low;
        return string.Concat(
            points.Select(point => levels[range == 0 ? 0 : (int)Math.Min((point - low) / range * levels.Length, levels.Length - 1)]));
    }
}

using System.Globalization;
using Orleans.Tbptt.Sweeps;

namespace Orleans.Tbptt.Silo.Web.Sweeping;

/// <summary>What a sweep varies, or its figure, as an axis: where each trial lies on it.</summary>
internal sealed class SweepAxis
{
    /// <summary>Numbers so far apart are placed by their logarithms.</summary>
    private const double LogRatio = 30;

    private SweepAxis(string name, IReadOnlyList<double> numbers, IReadOnlyList<double> places, string low, string high, bool isNumber) =>
        (Name, Numbers, Places, Low, High, IsNumber) = (name, numbers, places, low, high, isNumber);

    /// <summary>The key, or the figure.</summary>
    public string Name { get; }

    /// <summary>The value of each trial: a number, or the place of a word among all words.</summary>
    public IReadOnlyList<double> Numbers { get; }

    /// <summary>Where each trial lies, 0 to 1; NaN where it has no value.</summary>
    public IReadOnlyList<double> Places { get; }

    /// <summary>The value at 0.</summary>
    public string Low { get; }

    /// <summary>The value at 1.</summary>
    public string High { get; }

    /// <summary>Whether values are numbers, and not words.</summary>
    public bool IsNumber { get; }

    /// <summary>A parameter of a sweep.</summary>
    /// <param name="sweep">The sweep.</param>
    /// <param name="key">Which of its keys.</param>
    public static SweepAxis Of(SweepStatus sweep, int key)
    {
        string[] values = [.. sweep.Trials.Select(trial => trial.Values[key])];
        double?[] numbers = [.. values.Select(value =>
            double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? number : (double?)null)];
        if (numbers.All(number => number is not null))
            return Of(sweep.Keys[key], [.. numbers.Select(number => number!.Value)]);
        string[] words = [.. values.Distinct().Order(StringComparer.Ordinal)];
        double[] places = [.. values.Select(value => (double)Array.IndexOf(words, value))];
        return new(sweep.Keys[key], places, [.. places.Select(place => words.Length == 1 ? 0.5 : place / (words.Length - 1))], words[0],
            words[^1], isNumber: false);
    }

    /// <summary>Numbers; NaN where there is none.</summary>
    public static SweepAxis Of(string name, IReadOnlyList<double> numbers)
    {
        double[] finite = [.. numbers.Where(double.IsFinite)];
        if (finite.Length == 0)
            return new(name, numbers, [.. numbers.Select(_ => double.NaN)], "", "", isNumber: true);
        (double low, double high) = (finite.Min(), finite.Max());
        bool isLog = low > 0 && high / low >= LogRatio;
        (double from, double to) = isLog ? (Math.Log(low), Math.Log(high)) : (low, high);
        return new(name, numbers, [.. numbers.Select(Place)], Text(low), Text(high), isNumber: true);

        double Place(double number) => !double.IsFinite(number) ? double.NaN
            : to == from ? 0.5 : ((isLog ? Math.Log(number) : number) - from) / (to - from);
    }

    private static string Text(double value) => value.ToString("G4", CultureInfo.InvariantCulture);
}

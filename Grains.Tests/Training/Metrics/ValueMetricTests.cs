using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Metrics;

namespace Orleans.Tbptt.Tests.Training.Metrics;

public sealed class ValueMetricTests
{
    /// <summary>A forecast of logarithms can be as far off as float64 goes; what cannot be squared is an error all the same.</summary>
    [Theory]
    [InlineData(new[] { 3.0, -4.0 }, 3.5355339059327378, 3.5)]
    [InlineData(new[] { 1e200, -1e200 }, 1e200, 1e200)]
    [InlineData(new[] { 2e154, 0, 0, 0 }, 1e154, 5e153)]
    [InlineData(new[] { double.MaxValue, -double.MaxValue, double.MaxValue }, double.MaxValue, double.MaxValue)]
    [InlineData(new[] { double.PositiveInfinity, 1 }, double.PositiveInfinity, double.PositiveInfinity)]
    [InlineData(new[] { double.NaN, 1 }, double.NaN, double.NaN)]
    public void Errors_AreNumbers_HoweverFarOffForecastsAre(double[] errors, double rmse, double mae)
    {
        double[] figures = [.. ValueMetrics.Errors.All.Select(metric => Figure(metric, errors))];

        Same(rmse, figures[0]);
        Same(mae, figures[1]);

        // A power of two more or less rounds nothing; squares, their mean and its root do, by a unit in the last place together.
        static void Same(double expected, double figure)
        {
            if (double.IsFinite(expected))
                Assert.Equal(expected, figure, expected * 4e-16);
            else
                Assert.Equal(expected, figure);
        }
    }

    /// <summary>Ordinary errors have the bits of the textbook's sums.</summary>
    [Fact]
    public void Errors_HaveTheBitsOfPlainSums()
    {
        var random = new Random(5);
        double[] errors = [.. Enumerable.Range(0, 999).Select(_ => (random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-9, 9)))];
        double squares = 0, sum = 0;
        foreach (double error in errors)
            (squares, sum) = (squares + (error * error), sum + Math.Abs(error));

        Assert.Equal(
            [Math.Sqrt(squares / errors.Length), sum / errors.Length], ValueMetrics.Errors.All.Select(metric => Figure(metric, errors)));
    }

    /// <summary>Only what has no definition is left out of reports.</summary>
    [Fact]
    public void ForecastThatIsNoNumber_IsNoneInEveryFigure_AndShown()
    {
        var metrics = ValueMetrics.Of(new Quantile());
        var numbers = new double[metrics.Numbers];
        metrics.Add([double.NaN, 2], [1, 2], [double.NaN, double.NaN, double.NaN, 1, 2, 3], 4, numbers);

        var figures = TargetFigures.Of(numbers, metrics)!;

        Assert.All(figures.Values, value => Assert.Equal(double.NaN, value));
        Assert.Equal(
            ["MASE"], metrics.All.Where(metric => EvaluationReport.IsUndefined(metric, double.NaN)).Select(metric => metric.Name));
    }

    private static double Figure(ValueMetric metric, double[] errors)
    {
        var sums = new double[metric.Sums];
        metric.Add(new() { Outputs = errors, Targets = new double[errors.Length], NaiveError = double.NaN }, sums);
        return metric.Value(sums, errors.Length);
    }
}

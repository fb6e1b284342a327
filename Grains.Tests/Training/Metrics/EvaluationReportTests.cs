using Orleans.Tbptt.Data;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Metrics;

namespace Orleans.Tbptt.Tests.Training.Metrics;

/// <summary>What events have of many series, and what the table has.</summary>
public sealed class EvaluationReportTests
{
    [Fact]
    public void ManySeries_AreTheWorstAndTheBest_InAnEvent_AndAllInATable()
    {
        // The error of series i in target 0 is (37 · i mod 100) + 1, in target 1 twice that.
        var totals = Totals(100, 2, (series, target) => (((37 * series) % 100) + 1) * (target + 1));

        var shown = EvaluationReport.Of(totals);
        var table = new StringWriter();
        EvaluationReport.Write(totals, table);

        Assert.False(EvaluationReport.HasAll(totals));
        double mean = Math.Sqrt(Enumerable.Range(1, 100).Average(error => (double)error * error));
        Assert.Equal(
            [("a", mean, null, 200), ("a", 50.5, null, 200), ("b", 2 * mean, null, 200), ("b", 101, null, 200)],
            shown.Where(metric => metric.Series is null).Select(metric => (metric.Unit, metric.Value, metric.Series, metric.Count)));
        var ofSeries = shown.Where(metric => metric is { Series: not null, Name: "validation RMSE" }).ToList();
        Assert.Equal(
            [.. (double[])[100, 99, 98, 3, 2, 1], .. (double[])[200, 198, 196, 6, 4, 2]], ofSeries.Select(metric => metric.Value));
        Assert.All(ofSeries, metric => Assert.Equal(2, metric.Count));
        Assert.Equal("series \"27\", or so", ofSeries[0].Series);
        string[] lines = table.ToString().TrimEnd().Split('\n');
        Assert.Equal(1 + 2 + 200, lines.Length);
        Assert.Equal("series,target,elements,RMSE,MAE", lines[0]);
        Assert.Equal(",b,200," + (2 * mean).ToString("R", System.Globalization.CultureInfo.InvariantCulture) + ",101", lines[2]);
        Assert.Equal("\"series \"\"27\"\", or so\",a,2,100,100", lines[3 + (2 * 27)]);
    }

    [Fact]
    public void FewSeries_AreAllInTheEvent_InTheirOrder()
    {
        var totals = Totals(12, 2, (series, target) => 1 + series + target);

        var ofSeries = EvaluationReport.Of(totals).Where(metric => metric.Series is not null);

        Assert.True(EvaluationReport.HasAll(totals));
        Assert.Equal(
            from series in Enumerable.Range(0, 12) from unit in (string[])["a", "b"] select (Set.NameOf(series), unit),
            ofSeries.Where(metric => metric.Name == "validation MAE").Select(metric => (metric.Series!, metric.Unit)));
    }

    [Fact]
    public void Series_AreNotKeptApart_WhereTheyAreTooManyToBeKept()
    {
        Assert.True(EvaluationTotals.IsBySeries(new Set(EvaluationTotals.MostKept / 2), 2));
        Assert.False(EvaluationTotals.IsBySeries(new Set((EvaluationTotals.MostKept / 2) + 1), 2));
    }

    [Fact]
    public void LastTargets_AreLeftOut_WhereLanesAndTargetsAreTooManyForAMessage()
    {
        var many = new Set(EvaluationTotals.MostKept);

        Assert.Equal(3, EvaluationTotals.Kept(new Set(2), 3, lanes: 1_000_000));
        Assert.Equal(1, EvaluationTotals.Kept(many, 3, lanes: 1_000_000));
        Assert.Equal(10, EvaluationTotals.Kept(many, 3_000, lanes: EvaluationTotals.MostKept / 10));
        Assert.Equal(3, EvaluationTotals.Kept(many, 3, lanes: 6));
    }

    /// <summary>Two elements of each series and target, with the same error each.</summary>
    private static EvaluationTotals Totals(int series, int targets, Func<int, int, double> error)
    {
        var totals = new EvaluationTotals(HeldOutPart.Validation, new Set(series), ["a", "b"], targets, lanes: 1, ValueMetrics.Errors);
        var sums = from one in Enumerable.Range(0, series)
                   from target in Enumerable.Range(0, targets)
                   let off = error(one, target)
                   from sum in (double[])[2, .. ValueMetrics.Errors.All.SelectMany(metric => Sums(metric, off))]
                   select sum;
        totals.Take(new([.. Enumerable.Range(0, series)], [.. sums]));
        return totals;
    }

    private static double[] Sums(ValueMetric metric, double error)
    {
        var sums = new double[metric.Sums];
        metric.Add(new() { Outputs = [error, error], Targets = [0, 0], NaiveError = double.NaN }, sums);
        return sums;
    }

    private sealed class Set(int count) : ISequenceSet
    {
        public int Count => count;

        public static string NameOf(int series) => $"series \"{series}\", or so";

        public int Length(int sequence) => 2;

        public string? SeriesOf(int sequence) => NameOf(sequence);

        public void ReadInputs(SequenceSlice slice, Span<float> destination) => throw new NotSupportedException();

        public void ReadInputs(SequenceSlice slice, Span<long> destination) => throw new NotSupportedException();

        public void ReadTargets(SequenceSlice slice, Span<float> destination) => throw new NotSupportedException();

        public void ReadTargets(SequenceSlice slice, Span<long> destination) => throw new NotSupportedException();
    }
}

using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Silo.Web.Charts;
using Orleans.Tbptt.Silo.Web.Comparing;
using Orleans.Tbptt.Silo.Web.Curves;
using Orleans.Tbptt.Silo.Web.Listing;
using Orleans.Tbptt.Silo.Web.Markup;
using Orleans.Tbptt.Silo.Web.Pages.Compare;
using Orleans.Tbptt.Specs.Comparing;

namespace Orleans.Tbptt.Tests.Silo.Web.Comparing;

public sealed class ComparisonTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Fact]
    public void Spread_IsThatOfTheSample()
    {
        var spread = Spread.Of([1e9 + 1, 1e9 + 2, double.NaN, 1e9 + 3]);

        Assert.Equal((1e9 + 2, 1, 3), (spread.Mean, spread.Deviation, spread.Count));
        Assert.True(double.IsNaN(Spread.Of([5]).Deviation));
    }

    [Fact]
    public void Mean_IsOfTheRangeThatAllLinesHave_BetweenTheirPoints()
    {
        var (mean, band, lines) = Spread.Over([[new(0, 0), new(2, 2), new(9, 9)], [new(1, 3), new(2, 4), new(3, double.NaN), new(4, 6)]]);

        Assert.Equal(2, lines);
        Assert.Equal([new(1, 2), new(2, 3), new(4, 5)], mean);
        Assert.All(band, point => Assert.Equal(2 / Math.Sqrt(2), (point.High - point.Low) / 2, 12));
    }

    [Fact]
    public void Runs_OfUnlikeLength_ShareTheirAxes()
    {
        // A short run whose loss is above the long one's is drawn above it, over its share of the axis.
        var comparison = Of(new() { View = new() { Smoothing = 0 } }, Run("short", 1, [4, 3]), Run("long", 2, [2, 1, 0.5, 0.25]));

        var chart = ComparisonChart.Of(comparison);
        var (x, y) = (chart.XScale(), chart.YScale(chart.XScale()));

        Assert.Equal([4.0, 3], chart.Series[0].Points.Select(point => point.Y));
        Assert.Equal((1, 4), (x.Low, x.High));
        Assert.True(y.Place(3) > y.Place(2));
        Assert.Equal(1 / 3.0, x.Place(2), 12);
        Assert.Equal(["seed 1", "seed 2"], chart.Series.Select(series => series.Name));
    }

    [Theory]
    [InlineData("Step", 1, 2)]
    [InlineData("Time", 10, 20)]
    [InlineData("Sequence", 100, 200)]
    public void Runs_AreAligned_AsTheQueryAsks(string x, double first, double second)
    {
        var view = new ChartView { X = Enum.Parse<ChartAlignment>(x) };

        var chart = ComparisonChart.Of(Of(new() { View = view, Show = "validation" }, Run("a", 1, [4, 3])));

        Assert.Equal([first, second], chart.Series[0].Points.Select(point => point.X));
    }

    [Fact]
    public void Groups_HaveMeanAndSpread_InChartTableAndCsv()
    {
        var comparison = Of(new() { Group = RunColumn.Find("model.hiddenSize"), View = new() { Smoothing = 0 } },
            Run("a", 1, [4, 2], size: 20), Run("b", 2, [6, 4], size: 20), Run("c", 3, [9, 8], size: 100));

        var chart = ComparisonChart.Of(comparison);
        string page = HtmlPage.Markup(ComparePage.Of(comparison, comparison.Runs, new("/compare", [])).Content);

        Assert.Equal(["hiddenSize 20 (mean of 2 runs ± SD)", "hiddenSize 100 (1 run)"], chart.Series.Select(series => series.Name));
        Assert.Equal([5.0, 3], chart.Series[0].Points.Select(point => point.Y));
        Assert.Equal(5 + Math.Sqrt(2), chart.Series[0].Band[0].High, 12);
        Assert.Contains("3 &#xB1; 1.4", page, StringComparison.Ordinal);
        Assert.StartsWith("step,hiddenSize 20 (mean of 2 runs ± SD),\"hiddenSize 20 (mean of 2 runs ± SD), low\"", ChartCsv.Of(chart),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Group_SaysOfHowManyOfItsRunsTheMeanIs()
    {
        var comparison = Of(new() { Group = RunColumn.Find("model.hiddenSize"), View = new() { Smoothing = 0 } },
            Run("a", 1, [4, 2]), Run("b", 2, [6, 4]), Run("c", 3, []), Run("d", 4, [double.NaN, double.NaN]),
            Run("e", 5, [3], size: 30), Run("f", 6, [], size: 30), Run("g", 7, [], size: 40));

        var chart = ComparisonChart.Of(comparison);
        string page = HtmlPage.Markup(ComparePage.Of(comparison, comparison.Runs, new("/compare", [])).Content);

        Assert.Equal(["hiddenSize 20 (mean of 2 of 4 runs ± SD)", "hiddenSize 30 (1 of 2 runs)", "hiddenSize 40 (no values in 1 run)"],
            chart.Series.Select(series => series.Name));
        Assert.Contains(",hiddenSize 20 (mean of 2 of 4 runs ± SD),", ChartCsv.Of(chart), StringComparison.Ordinal);
        Assert.Contains("3 &#xB1; 1.4 (2 of 4 runs)", page, StringComparison.Ordinal);
        Assert.Contains("<p class=\"note warn\">hiddenSize 40 (no values in 1 run)</p>", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Group_WithoutACommonRange_SaysSo()
    {
        // The second run's first steps have no finite loss, and the first run ended before the others.
        var comparison = Of(new() { Group = RunColumn.Find("model.hiddenSize"), View = new() { Smoothing = 0 } },
            Run("a", 1, [4, 2]), Run("b", 2, [double.NaN, double.NaN, 6, 4]));

        string page = HtmlPage.Markup(ComparePage.Of(comparison, comparison.Runs, new("/compare", [])).Content);

        Assert.Contains("hiddenSize 20 (no mean: 2 runs have no range in common)</p>", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Page_ShowsOnlyTheKeysInWhichSpecsDiffer_AndEscapesThem()
    {
        var comparison = Of(new(), Run("a", 1, [1, 2], extra: "x: '<script>'"), Run("b", 2, [1, 2]));

        string page = HtmlPage.Markup(ComparePage.Of(comparison, comparison.Runs, new("/compare", [])).Content);

        Assert.Equal(["seed", "x"], comparison.Differences);
        Assert.DoesNotContain("<script>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("train.lr", page.Split("Results and differing")[1], StringComparison.Ordinal);
    }

    private static RunComparison Of(ComparisonQuery query, params (RunEntry Entry, RunCurve Curve)[] runs) => new()
    {
        Query = query, Runs = [.. runs.Select(run => run.Entry)], Curves = [.. runs.Select(run => run.Curve)],
    };

    /// <summary>A run with a step of 10 s and 100 sequence steps for each loss, and as many epochs.</summary>
    private static (RunEntry, RunCurve) Run(string id, int seed, double[] losses, int size = 20, string extra = "") => (
        new(new(new("/runs", RunId.Parse(id)), new()
        {
            Id = id, Name = id, State = RunState.Completed, Epochs = losses.Length, Step = losses.Length, UpdatedAt = Now,
            SubmittedAt = Now,
            EpochLosses = losses,
        }, Now), SpecKeys.Of($"seed: {seed}\nmodel: {{hiddenSize: {size}}}\ntrain: {{lr: 1}}\n{extra}\n"), RunNotes.None),
        new()
        {
            Id = id,
            Points =
            [
                .. losses.Select((loss, step) => new CurvePoint(step + 1, (step + 1) * 10, loss, 1, double.NaN, 1, 1, (step + 1) * 100)),
            ],
            Epochs = [.. losses.Select((loss, step) => new EpochCurvePoint(step + 1, loss, loss))],
        });
}

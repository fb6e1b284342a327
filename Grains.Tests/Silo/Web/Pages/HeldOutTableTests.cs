using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Silo.Web.Feed;
using Orleans.Tbptt.Silo.Web.Markup;
using Orleans.Tbptt.Silo.Web.Pages.Run;

namespace Orleans.Tbptt.Tests.Silo.Web.Pages;

/// <summary>The table of errors on a run's page.</summary>
public sealed class HeldOutTableTests
{
    private static readonly RunStatus Status = new() { Id = "wave-1", Name = "wave", State = RunState.Completed, Epochs = 2 };

    [Fact]
    public void Table_HasARowForEachTargetAndSeries_OfValidationAndTest()
    {
        string page = Page(Status with
        {
            ValidationLosses = [0.5, 0.25],
            HeldOut = new(2, 20, 18),
            Metrics =
            [
                new("training", 1, "bits", MetricKind.Training),
                new("validation RMSE", 3.25, "k<W", MetricKind.Validation, Count: 18),
                new("naive last-value RMSE", 4, "k<W", MetricKind.Baseline),
                new("validation RMSE", 5, "k<W", MetricKind.Validation, "north & south", 8),
            ],
            Test = new(1200, new(0.125, new(1, 9, 9), [new("test MAE", 1.5, "k<W", MetricKind.Test, Count: 9)])),
        });

        Assert.Contains("Validation of epoch 2, over 2 sequences of 20 time steps, 18 target elements.", page, StringComparison.Ordinal);
        string cells = page.Replace(" class=\"figure\"", "", StringComparison.Ordinal).Replace("&#x2013;", "–", StringComparison.Ordinal);
        Assert.Contains("<td>all</td><td>k&lt;W</td><td>3.25</td><td>4</td>", cells, StringComparison.Ordinal);
        Assert.Contains(
            "<td>north &amp; south</td><td>k&lt;W</td><td>5</td><td>–</td><td class=\"wide figure\">8</td>", cells,
            StringComparison.Ordinal);
        Assert.Contains(
            "Test after step 1,200: loss 0.125, over 1 sequence of 9 time steps, 9 target elements.", page, StringComparison.Ordinal);
        Assert.Contains("<tr><td>k&lt;W</td><td class=\"figure\">1.5</td>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("training", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Table_SaysThatNothingIsEvaluated_Otherwise() =>
        Assert.Contains("No held-out data have been evaluated.", Page(Status), StringComparison.Ordinal);

    private static string Page(RunStatus status) => HtmlPage.Markup(HeldOutTable.Of(new(
        new RunInfo(new("/runs", RunId.Parse("wave-1")), status, DateTimeOffset.UnixEpoch), new RunHistory(null), new(), null)));
}

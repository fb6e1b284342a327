using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Silo.Web.Markup;
using Orleans.Tbptt.Silo.Web.Pages.Sweeps;
using Orleans.Tbptt.Silo.Web.Sweeping;
using Orleans.Tbptt.Sweeps;

namespace Orleans.Tbptt.Tests.Silo.Web.Sweeping;

/// <summary>The pages of sweeps.</summary>
public sealed class SweepPageTests
{
    private const string Hostile = "\"><script>alert(1)</script>";

    [Fact]
    public void Pages_EscapeEveryName()
    {
        var sweep = Sweep([[Hostile, "1"], ["b", "2"], ["c", "3"]], [3, 1, 2]) with
        {
            Id = Hostile, Message = Hostile, Metric = Hostile, Strategy = Hostile, Keys = [Hostile, "train.clipNorm"],
        };
        string page = HtmlPage.Markup(SweepPage.Of(sweep).Content), list = HtmlPage.Markup(SweepsPage.Of([sweep]).Content);

        Assert.DoesNotContain("<script", page + list, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("&lt;script&gt;", page, StringComparison.Ordinal);
        Assert.Contains("<path class=\"line s2\" d=\"M", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Page_HasTrialsBestFirst_AlsoWhereSomeHaveNoFigure()
    {
        var sweep = Sweep([["0.1"], ["0.01"], ["0.001"]], [3, double.NaN, 2]) with { Keys = ["train.optimizer.lr"] };

        Assert.Equal([2, 0, 1], SweepPage.BestFirst(sweep).Select(trial => trial.Trial));
        Assert.Equal([0, 2, 1], SweepPage.BestFirst(sweep with { MoreIsBetter = true }).Select(trial => trial.Trial));
        Assert.Contains("href=\"/runs/s.t002\"", HtmlPage.Markup(SweepPage.Of(sweep).Content), StringComparison.Ordinal);
        Assert.NotEmpty(HtmlPage.Markup(SweepPage.Of(sweep with { Trials = [] }).Content));
    }

    [Fact]
    public void Axis_PlacesNumbersFarApartByLogarithms_AndWordsInOrder()
    {
        var sweep = Sweep([["0.001", "lstm", "1"], ["0.1", "gru", "3"], ["0.01", "lstm", "2"]], [1, 2, 3]) with { Keys = ["a", "b", "c"] };

        Assert.All(SweepAxis.Of(sweep, 0).Places.Zip([0, 1, 0.5]), one => Assert.Equal(one.Second, one.First, 1e-12));
        Assert.Equal([1, 0, 1], SweepAxis.Of(sweep, 1).Places);
        Assert.Equal([0, 1, 0.5], SweepAxis.Of(sweep, 2).Places);
        Assert.Equal(("gru", "lstm"), (SweepAxis.Of(sweep, 1).Low, SweepAxis.Of(sweep, 1).High));
    }

    [Fact]
    public void Importance_IsTheShareOfTheRanks_ThatGoesWithAParameter()
    {
        var sweep = Sweep([["1", "a"], ["2", "a"], ["3", "b"], ["5", "b"]], [10, 20, 40, 30]) with { Keys = ["x", "y"] };
        double[] figures = [10, 20, 40, 30];

        // Ranks 1, 2, 4, 3: Spearman's correlation is 0.8; the means of the groups are 1.5 and 3.5, of all 2.5: 4 · 1 / 5.
        Assert.Equal(0.64, Importance.Of(SweepAxis.Of(sweep, 0), figures), 1e-12);
        Assert.Equal(0.8, Importance.Of(SweepAxis.Of(sweep, 1), figures), 1e-12);
        Assert.Equal([1.5, 3, 1.5], Importance.Ranks([7, 8, 7]));
        Assert.True(double.IsNaN(Importance.Of(SweepAxis.Of(sweep, 0), [1, double.NaN, double.NaN, 2])));
    }

    private static SweepStatus Sweep(string[][] values, double[] figures) => new()
    {
        Id = "s", Name = "s", State = RunState.Completed, Metric = "validation loss", Rungs = [3], Planned = values.Length,
        Strategy = "random", Best = Array.IndexOf(figures, figures.Where(double.IsFinite).Min()),
        Trials = [.. values.Select((texts, trial) => new TrialStatus
        {
            Trial = trial, Values = texts, State = TrialState.Completed, Run = $"s.t{trial:000}", Figures = [figures[trial]],
            Problem = double.IsFinite(figures[trial]) ? "" : "diverged",
        })],
    };
}

using System.Xml.Linq;
using Microsoft.AspNetCore.Http;
using Orleans.Tbptt.Silo.Web.Charts;
using Orleans.Tbptt.Silo.Web.Curves;
using Orleans.Tbptt.Silo.Web.Markup;

namespace Orleans.Tbptt.Tests.Silo.Web.Charts;

public sealed class ChartTests
{
    private const string Hostile = "a \"quoted\", <b>&amp; name";

    private static readonly Chart Two = new("loss", Hostile, new("step", AxisKind.Count), new("loss", Log: true),
    [
        new(Hostile, ChartColour.Of(0), [new(1, 1), new(2, double.NaN), new(3, 0.01), new(4, double.PositiveInfinity)])
        {
            Band = [new(1, 0.5, 2), new(3, -1, 0.1)],
        },
        new("validation", ChartColour.Validation, [new(2, 0.5)]) { IsPoints = true },
    ]) { Marks = [2, 99] };

    [Fact]
    public void File_IsADocument_WithAxesLegendAndGaps()
    {
        var file = XDocument.Parse(ChartSvg.File(Two));

        string[] texts = [.. file.Descendants().Where(one => one.Name.LocalName == "text").Select(one => one.Value)];
        Assert.Subset(texts.ToHashSet(), (HashSet<string>)["step", "loss", "0.01", "0.1", "1", "validation", Hostile]);
        var line = file.Descendants().First(one => (string?)one.Attribute("class") == "line s0");
        Assert.Equal(2, ((string)line.Attribute("d")!).Count(letter => letter == 'M'));
        Assert.Single(file.Descendants(), one => (string?)one.Attribute("class") == "mark");
        Assert.DoesNotContain("NaN", file.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Chart_OnAPage_IsDescribedInWords()
    {
        string svg = HtmlPage.Markup(ChartSvg.OnPage(Two, 200));

        Assert.Contains("from 1 to 0.01, least 0.01; validation from 0.5 to 0.5", svg, StringComparison.Ordinal);
        Assert.DoesNotContain("<b>", svg, StringComparison.Ordinal);
        Assert.DoesNotContain("style=", svg, StringComparison.Ordinal);
    }

    [Fact]
    public void Csv_HasARowForEachPlace_AndReadsBackExactly() => Assert.Equal(
        ["step,\"a \"\"quoted\"\", <b>&amp; name\",\"a \"\"quoted\"\", <b>&amp; name, low\",\"a \"\"quoted\"\", <b>&amp; name, " +
            "high\",validation",
            "1,1,0.5,2,", "2,,,,0.5", "3,0.01,-1,0.1,", "4,,,,", ""],
        ChartCsv.Of(Two).Split("\r\n"));

    [Theory]
    [InlineData("=1+1")]
    [InlineData("+1")]
    [InlineData("-2+3")]
    [InlineData("@SUM(A1)")]
    [InlineData("\t=1")]
    public void Csv_HasNoNameThatASpreadsheetTakesForAFormula_ButNegativeNumbers(string name) => Assert.Equal(
        $"step,'{name}\r\n-1,-2\r\n",
        ChartCsv.Of(new("loss", "loss", new("step", AxisKind.Count), new("loss"), [new(name, ChartColour.Of(0), [new(-1, -2)])])));

    [Fact]
    public void Csv_HasOnlyWhatTheChartShows() =>
        Assert.Equal(2, ChartCsv.Of(Two with { From = 2, To = 2 }).Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Length);

    [Fact]
    public void View_IsReadFromTheQuery_AndRefusesWhatItDoesNotKnow()
    {
        Assert.Equal(ChartView.Default, ChartView.Of(Query("?other=1&from=&smooth=")));
        Assert.Equal(new() { X = ChartAlignment.Time, Log = false, Smoothing = 0.5, From = -1, To = 2.5 },
            ChartView.Of(Query("?x=time&y=linear&smooth=0.5&from=-1&to=2.5")));
        Assert.Equal("x: found 'steps', expected step, time, sequence", Refused("?x=steps"));
        Assert.Equal("smooth: found '1', expected 0 to 0.999", Refused("?smooth=1"));
        Assert.Equal("from: found 'NaN', expected a number", Refused("?from=NaN"));
    }

    [Fact]
    public void Smoothing_IsAMeanThatBeginsAtTheFirstValue()
    {
        var smoothed = RunCharts.Smooth([new(1, 4), new(2, double.NaN), new(3, 8)], 0.5);

        Assert.Equal([4, double.NaN, 20.0 / 3], smoothed.Select(point => point.Y), (one, other) =>
            Math.Abs(one - other) < 1e-12 || (double.IsNaN(one) && double.IsNaN(other)));
    }

    private static string Refused(string query) => Assert.Throws<BadHttpRequestException>(() => ChartView.Of(Query(query))).Message;

    private static IQueryCollection Query(string text) =>
        new DefaultHttpContext { Request = { QueryString = new(text) } }.Request.Query;
}

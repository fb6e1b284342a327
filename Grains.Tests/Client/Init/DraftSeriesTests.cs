using System.Globalization;
using Orleans.Tbptt.Client.Drafts;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Tests.Client.Init;

/// <summary>Series and the order of rows, as a draft finds them in a file.</summary>
public sealed class DraftSeriesTests : IDisposable
{
    private readonly DraftedFiles _files = new();

    /// <summary>Hours begin again each day, as the times of a series do: they name none.</summary>
    [Fact]
    public void TimesOfDay_NameNoSeries()
    {
        string rows = string.Concat(Enumerable.Range(0, 96).Select(i => $"2020-01-0{1 + (i / 24)},{i % 24:00}:00,{i * i % 11}\n"));
        Assert.Null(Assert.IsType<CsvSource>(_files.Train($"date,time,load\n{rows}").Data.Source).Series);
    }

    /// <summary>Years and Unix seconds as numbers are times as dates are.</summary>
    [Theory]
    [InlineData("country,year,population", "year", "country")]
    [InlineData("timestamp,country,population", "timestamp", "country")]
    [InlineData("id,country,year,population", "year", "country")]
    [InlineData("day,country,population", "day", "country")]
    [InlineData("shop,day,population", "day", "shop")]
    [InlineData("year,newest", "year", null)]
    [InlineData("timestamp,newest", "timestamp", null)]
    [InlineData("count,newest", "count", null)]
    [InlineData("day,newest", "day", null)]
    public void SeriesBelowEachOther_AndNewestRowsFirst_AreNamedByTheirColumns(string header, string time, string? series)
    {
        string[] names = header.Split(',');
        bool isReversed = names.Contains("newest");
        string rows = string.Concat(Enumerable.Range(0, 90).Select(row => string.Join(',', names.Select(name =>
        {
            int at = isReversed ? 90 - row : row % 30;
            return name switch
            {
                "id" => $"{row}",
                "country" => $"{"abc"[row / 30]}",
                "shop" => $"{(row / 30) + 1}",
                "year" or "count" => $"{1900 + at}",
                "day" => new DateTime(2020, 2, 1).AddDays(at).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
                "timestamp" => string.Create(CultureInfo.InvariantCulture, $"{1_600_000_000.25 + (at * 1.5)}"),
                _ => $"{row * row % 11}",
            };
        })) + "\n"));

        RunSpec spec = _files.Train($"{header}\n{rows}");

        var source = Assert.IsType<CsvSource>(spec.Data.Source);
        Assert.Equal((time, series, TableScale.Column), (source.Time, source.Series, source.Scale));
        Assert.Equal([names[^1]], source.Inputs);
        Assert.Equal(0.15, spec.Data.ValidationFraction);
        Assert.Equal(series is null ? 1 : 3, spec.Data.BatchSize);
    }

    /// <summary>Below each other, or day by day.</summary>
    [Theory]
    [InlineData("country,year", true)]
    [InlineData("country,timestamp", true)]
    [InlineData("shop,day", true)]
    [InlineData("country,year", false)]
    [InlineData("day,shop", false)]
    [InlineData("timestamp,country", false)]
    public void SeriesWithTheNewestRowsFirst_AreNamedByTheirColumn(string header, bool areBelowEachOther)
    {
        string time = header.Split(',').Single(name => name is "year" or "timestamp" or "day");
        string series = header.Split(',').Single(name => name is "country" or "shop");

        RunSpec spec = _files.Train($"{header},population\n{Newest(header, areBelowEachOther)}");

        var source = Assert.IsType<CsvSource>(spec.Data.Source);
        Assert.Equal((time, series, 3), (source.Time, source.Series, spec.Data.BatchSize));
        Assert.Equal(["population"], source.Inputs);
        Assert.Contains(
            "# the newest row of each series is the first: training reads from the last one", File.ReadAllText(_files.File("drafted.yaml")),
            StringComparison.Ordinal);
    }

    /// <summary>Training turns the rows of all series round, or of none.</summary>
    [Fact]
    public void SeriesWithOppositeOrders_AreNoSeries()
    {
        string newest = Newest("country,year", areBelowEachOther: true);
        string rows = newest + string.Concat(newest.TrimEnd().Split('\n').Reverse().Select(row => $"{row}\n".Replace('c', 'd')));
        string path = _files.Write($"country,year,population\n{rows}");

        var refusal = Assert.Throws<DataFaultException>(() => Draft.Of(path, _files.File("s.yaml")));

        Assert.StartsWith("rows that are not in the order of column year", Assert.Single(refusal.Faults).Found, StringComparison.Ordinal);
    }

    private static string Newest(string header, bool areBelowEachOther) => string.Concat(Enumerable.Range(0, 90).Select(row =>
    {
        var (series, at) = areBelowEachOther ? (row / 30, 29 - (row % 30)) : (row % 3, 29 - (row / 3));
        return string.Join(',', header.Split(',').Select(name => name switch
        {
            "country" => $"{"abc"[series]}",
            "shop" => $"{series + 1}",
            "year" => $"{1900 + at}",
            "day" => new DateTime(2020, 2, 1).AddDays(at).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            _ => string.Create(CultureInfo.InvariantCulture, $"{1_600_000_000.25 + (at * 1.5)}"),
        })) + $",{row * row % 11}\n";
    }));

    [Theory]
    [InlineData(1, TableScale.Column)]
    [InlineData(1000, TableScale.Series)]
    public void Series_HaveTheirOwnScale_WhereTheirLevelsDiffer(int level, TableScale scale)
    {
        string rows = string.Concat(
            from day in Enumerable.Range(1, 28)
            from store in Enumerable.Range(0, 3)
            select $"2020-02-{day:00},{"abc"[store]},{(day * day % 11) + (level * store)}\n");

        Assert.Equal(scale, Assert.IsType<CsvSource>(_files.Train($"date,store,sales\n{rows}").Data.Source).Scale);
    }

    /// <summary>A series that lacks rows for what is held out would be left out of training: nothing is held out then.</summary>
    [Fact]
    public void Series_OfFewRows_AreTrainedOn()
    {
        string rows = string.Concat(
            from series in Enumerable.Range(0, 40)
            from year in Enumerable.Range(2000, 2 + (series % 3))
            select $"s{series},{year},{series * year % 11}\n");

        RunSpec spec = _files.Train($"name,year,value\n{rows}");

        Assert.Equal("name", Assert.IsType<CsvSource>(spec.Data.Source).Series);
        Assert.InRange(spec.Data.BatchSize, 1, 32);
    }

    public void Dispose() => _files.Dispose();
}

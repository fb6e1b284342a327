using System.Globalization;
using Orleans.Tbptt.Data.Tables;

namespace Orleans.Tbptt.Tests.Data.Tables;

public sealed class TimeTextTests
{
    [Theory]
    [InlineData("2020-02-29", "2020-02-29 00:00:00")]
    [InlineData("2020-02", "2020-02-01 00:00:00")]
    [InlineData("2020/02/29 12:30", "2020-02-29 12:30:00")]
    [InlineData("2020-02-29T12:30:15.250Z", "2020-02-29 12:30:15.25")]
    [InlineData("2020-02-29 12:30+02:00", "2020-02-29 10:30:00")]
    [InlineData("29.02.2020 12.30.15", "2020-02-29 12:30:15")]
    [InlineData("2/29/2020 12:30:15 AM", "2020-02-29 00:30:15")]
    [InlineData("1749-01-31", "1749-01-31 00:00:00")]
    public void Times_AreRead_AsFilesWriteThem(string text, string expected)
    {
        TableColumn? column = TimeText.Column("", [text]);
        Assert.NotNull(column);
        DateTime time = DateTime.UnixEpoch.AddTicks((long)(TimeText.Of(column.Type!.Value).Value(text) * 10));
        Assert.Equal(expected, time.ToString("yyyy-MM-dd HH:mm:ss.FFFFFF", CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData("2020")]
    [InlineData("3.25")]
    [InlineData("12.30.15")]
    [InlineData("2020-13-01")]
    [InlineData("2020-02-30")]
    [InlineData("2020-02-29 25:00")]
    [InlineData("2020-02-29x")]
    [InlineData("")]
    public void Others_AreNoTimes(string text) => Assert.Null(TimeText.Column("", [text]));

    [Theory]
    [InlineData("13/02/1970 10/01/1970", "DayFirstTime", false)]
    [InlineData("02/13/1970 10/01/1970", "Time", false)]
    [InlineData("02/12/1970 10/01/1970", "Time", true)]
    [InlineData("1/9/1970 1/10/1970", "Time", true)]
    [InlineData("1970-09-01 1970/10/01", "Time", false)]
    public void DayOrMonth_StandsFirst_AsTheCellsShow(string cells, string type, bool hasTwoReadings) => Assert.Equal(
        new TableColumn("t", Enum.Parse<CellType>(type)) { HasTwoReadings = hasTwoReadings }, TimeText.Column("t", cells.Split(' ')));

    [Fact]
    public void DayFirst_IsReadSo() =>
        Assert.Equal(9 * 86_400e6, TimeText.Of(CellType.DayFirstTime).Value("10/01/1970"));
}

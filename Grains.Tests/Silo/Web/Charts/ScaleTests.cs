using Orleans.Tbptt.Silo.Web.Charts;

namespace Orleans.Tbptt.Tests.Silo.Web.Charts;

public sealed class ScaleTests
{
    [Theory]
    [InlineData(0, 100, new double[] { 0, 20, 40, 60, 80, 100 })]
    [InlineData(2, 1890, new double[] { 500, 1000, 1500 })]
    [InlineData(-0.3, 0.3, new[] { -0.2, 0, 0.2 })]
    public void Ticks_AreRound(double low, double high, double[] expected) =>
        Assert.Equal(expected, Scale.Of(new("x"), [low, high], tight: true).Ticks(5));

    [Theory]
    [InlineData(0.011, 95, new[] { 0.1, 1, 10 })]
    [InlineData(0.06, 0.5, new[] { 0.1, 0.2, 0.5 })]
    [InlineData(1e-9, 1e9, new[] { 1e-9, 1e-5, 1e-1, 1e3, 1e7 })]
    public void LogarithmicTicks_ArePowersOfTen_AndMoreWhereTheseAreFew(double low, double high, double[] expected) =>
        Assert.Equal(expected, Scale.Of(new("y", Log: true), [low, high], tight: true).Ticks(6), Close);

    [Fact]
    public void LogarithmicAxis_LeavesOutWhatIsNotPositive_AndIsLinearWhereNothingIs()
    {
        var scale = Scale.Of(new("y", Log: true), [-1, 0, double.NaN, 10, 1000], tight: true);
        Assert.Equal((10, 1000, 0.5), (scale.Low, scale.High, Math.Round(scale.Place(100), 9)));
        Assert.True(double.IsNaN(scale.Place(0)));

        Assert.False(Scale.Of(new("y", Log: true), [-1, 0]).IsLog);
    }

    [Theory]
    [InlineData(new double[0])]
    [InlineData(new[] { 5.0 })]
    [InlineData(new[] { 0.0, 0.0 })]
    [InlineData(new[] { double.NaN })]
    [InlineData(new[] { double.MaxValue, double.MinValue })]
    [InlineData(new[] { 1e-320, 2e-320 })]
    public void Scale_HasALength_WhateverTheValues(double[] values)
    {
        foreach (bool log in (bool[])[false, true])
        {
            var scale = Scale.Of(new("y", Log: log), values);

            Assert.True(scale.High > scale.Low);
            Assert.InRange(scale.Ticks(6).Count, 0, 20);
        }
    }

    [Theory]
    [InlineData(nameof(AxisKind.Duration), 90, "1.5 min")]
    [InlineData(nameof(AxisKind.Duration), -7_200, "−2 h")]
    [InlineData(nameof(AxisKind.Share), 0.5, "50 %")]
    [InlineData(nameof(AxisKind.Bytes), 1_572_864, "1.5 MiB")]
    [InlineData(nameof(AxisKind.Number), 25_000, "25k")]
    [InlineData(nameof(AxisKind.Number), 0.00001, "1e-5")]
    public void Labels_HaveTheirUnit(string kind, double value, string label) =>
        Assert.Equal(label, new ChartAxis("y", Enum.Parse<AxisKind>(kind)).Label(value));

    [Theory]
    [InlineData(new[] { 0.999, 0.9995, 1, 1.0005, 1.001 }, new[] { "0.999", "0.9995", "1", "1.0005", "1.001" })]
    [InlineData(new double[] { 1_000_000_000, 1_000_000_100 }, new[] { "1G", "1.0000001G" })]
    [InlineData(new double[] { 0, 5_000, 10_000 }, new[] { "0", "5000", "10k" })]
    public void LabelsOfTicks_Differ(double[] ticks, string[] labels) => Assert.Equal(labels, new ChartAxis("y").Labels(ticks));

    private static bool Close(double one, double other) => Math.Abs(one - other) <= 1e-9 * Math.Abs(other);
}

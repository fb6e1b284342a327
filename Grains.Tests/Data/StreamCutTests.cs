using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Streams;

namespace Orleans.Tbptt.Tests.Data;

public sealed class StreamCutTests
{
    [Theory]
    [InlineData(1000, 5, 1)]
    [InlineData(101, 10, 1)]
    [InlineData(100, 7, 3)]
    [InlineData(11, 10, 1)]
    public void TrainingRows_AreThoseOfTheReference_ForAnyRemainder(int n, int lanes, int horizon)
    {
        StreamCut cut = Cut(n, lanes, horizon, 0)!;
        int row = (n - horizon) / lanes;
        Assert.Equal(Enumerable.Range(0, lanes).Select(r => (long)r * row), cut.Training.Starts);
        Assert.All(cut.Training.Lengths, length => Assert.Equal(row, length));
        Assert.Null(cut.Validation);
    }

    [Fact]
    public void Cut_LeaksNothingAndDropsNoValidationTarget_WhateverItsNumbers()
    {
        foreach (int n in new[] { 20, 57, 100, 1003 })
        foreach (int lanes in new[] { 1, 2, 3, 7 })
        foreach (int horizon in new[] { 1, 2, 5 })
        foreach (double fraction in new[] { 0.1, 0.15, 0.33, 0.5 })
        {
            if (Cut(n, lanes, horizon, fraction) is not { } cut)
                continue;
            int held = (int)Math.Round(n * fraction, MidpointRounding.AwayFromZero);
            long[] trained = [.. Positions(cut.Training)];
            long[] validated = [.. Positions(cut.Validation!)];
            Assert.Equal(n - held, cut.TrainingPositions);
            Assert.Equal((n - held - horizon) / lanes * lanes, trained.Length);
            Assert.True(trained[^1] + horizon < n - held);
            Assert.Equal(Enumerable.Range(n - held, held - horizon).Select(position => (long)position), validated);
            Assert.True(cut.Validation!.Lengths.Max() - cut.Validation.Lengths.Min() <= 1);
            Assert.Equal(cut.Validation.Lengths.OrderDescending(), cut.Validation.Lengths);
            Assert.Equal(Math.Min(lanes, held - horizon), cut.Validation.Lengths.Count);
        }
    }

    [Theory]
    [InlineData(10, 10, 1, 0, "data.batchSize: found 10 with 10 rows in x, expected at least 11 rows")]
    [InlineData(20, 10, 1, 0.5, "data.batchSize: found 10 with 10 rows of x to train on, the last 10 held out, expected at least 11 rows")]
    [InlineData(20, 2, 1, 0.05, "data.validationFraction: found 0.05, which holds out 1 row of 20, expected at least 2 rows")]
    [InlineData(20, 2, 1, 0.01, "data.validationFraction: found 0.01, which holds out 0 rows of 20, expected at least 2 rows")]
    public void Cut_IsRefused_WhenAPartHasTooFewPositions(int n, int lanes, int horizon, double fraction, string message)
    {
        var problems = new ProblemList();
        Assert.Null(StreamCut.TryCut(n, "row", "x", Given.Csv("x", lanes, fraction), horizon, problems));
        Assert.StartsWith(message, Assert.Single(problems.ToList()).ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.9)]
    public void Cut_IsRefused_WhenALaneWouldBeLongerThanAnInt(double fraction)
    {
        var problems = new ProblemList();
        Assert.Null(StreamCut.TryCut(1L << 40, "byte", "x", Given.Csv("x", 4, fraction), 1, problems));
        Assert.Contains("at most 2147483647 bytes per lane; raise it", Assert.Single(problems.ToList()).ToString(),
            StringComparison.Ordinal);
    }

    private static StreamCut? Cut(int n, int lanes, int horizon, double fraction) =>
        StreamCut.TryCut(n, "row", "x", Given.Csv("x", lanes, fraction), horizon, new());

    private static IEnumerable<long> Positions(StreamRows rows) =>
        rows.Starts.Zip(rows.Lengths).SelectMany(row => Enumerable.Range(0, row.Second).Select(i => row.First + i));
}

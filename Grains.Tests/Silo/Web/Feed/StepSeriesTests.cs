using System.Text.Json;
using Orleans.Tbptt.Journals;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Silo.Web.Api;
using Orleans.Tbptt.Silo.Web.Feed;

namespace Orleans.Tbptt.Tests.Silo.Web.Feed;

public sealed class StepSeriesTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(1024, 1, 1024)]
    [InlineData(1025, 2, 513)]
    [InlineData(5000, 8, 625)]
    public void Series_StaysShort_HoweverManyStepsThereAre(int steps, int width, int buckets)
    {
        var series = new StepSeries();
        for (int step = 1; step <= steps; step++)
            series.Add(Step(step), null);

        Assert.Equal((width, buckets), ((int)series.Width, series.Buckets.Count));
        Assert.Equal(steps, series.Buckets.Sum(bucket => bucket.Count));
        Assert.Equal(steps, series.Buckets[^1].Step);
        Assert.Equal(Enumerable.Range(1, width).Average(), series.Buckets[0].Loss, 1e-12);
        Assert.Equal((1, width), (series.Buckets[0].Low, series.Buckets[0].High));
    }

    [Fact]
    public void Series_ReportsAnEventAgainOnlyWhereItsBucketHasGrown()
    {
        var series = new StepSeries();
        for (int step = 1; step <= 1025; step++)
            series.Add(Step(step), null);

        Assert.Equal(512, series.IndexAfter(Step(1024).Number));
        Assert.Equal(513, series.IndexAfter(Step(1025).Number));
        Assert.Equal(0, series.IndexAfter(0));
        series.Add(Step(1026), null);
        Assert.Equal(512, series.IndexAfter(Step(1025).Number));
    }

    [Fact]
    public void Series_PassesOver_WhatWasPublishedBefore()
    {
        var series = new StepSeries();
        series.Add(Step(1), null);
        series.Add(Step(2), null);
        series.Add(Step(2), null);

        Assert.Equal(2, series.Buckets.Sum(bucket => bucket.Count));
    }

    [Fact]
    public void Bucket_KnowsTheShareOfClippedSteps_AndNothingOfStepsWithoutANorm()
    {
        var bucket = new StepBucket();
        foreach (double norm in (double[])[0.5, 1.5, double.NaN, 2])
            bucket.Add(Step(1) with { GradientNorm = norm }, clipNorm: 1);

        Assert.Equal(2 / 3.0, bucket.ClipShare, 1e-12);
        Assert.Equal(4 / 3.0, bucket.GradientNorm, 1e-12);
    }

    [Fact]
    public void Columns_WriteNull_AndSayWhere_WhenALossIsNotFinite()
    {
        var history = new RunHistory(clipNorm: null);
        history.Add(Step(1));
        history.Add(Step(2) with { Loss = double.NaN });

        var columns = StepColumns.Of(history);

        Assert.Equal([1, null], columns.Loss);
        Assert.Equal(new NonFiniteLoss(2, "NaN"), Assert.Single(columns.NonFinite));
        Assert.Contains("\"loss\":[1,null]", JsonSerializer.Serialize(columns, JsonSerializerOptions.Web), StringComparison.Ordinal);
    }

    [Fact]
    public void Run_SaysWhichNumbersAreNotFinite()
    {
        var status = new RunStatus { Id = "wave-1", Name = "wave", State = RunState.Diverged, Epochs = 2,
            EpochLosses = [1, double.PositiveInfinity], Loss = double.NaN };

        var run = ApiRun.Of(new Orleans.Tbptt.Cluster.Wording.RunInfo(new("/runs", RunId.Parse("wave-1")), status, Start));

        Assert.Equal(new Dictionary<string, string> { ["epochLosses[1]"] = "Infinity", ["loss"] = "NaN" }, run.NonFinite);
    }

    private static StepCommitted Step(int step) => new()
    {
        Number = step + 1, Time = Start.AddSeconds(step), Step = step, Epoch = 1, Loss = step, GradientNorm = 1, LearningRate = 0.1,
        Weight = 1, Seconds = 0.5,
    };
}

using Microsoft.Extensions.DependencyInjection;
using Orleans.Tbptt.Grains;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Tests.Grains.Streams;

/// <summary>A model that two silos serve.</summary>
public sealed class ServingSilos : IAsyncLifetime
{
    /// <summary>Its name.</summary>
    public const string Model = "shops";

    private readonly TemporaryDirectory _directory = new();

    internal TestSilos Silos { get; private set; } = null!;

    internal ModelPackage Package { get; private set; } = null!;

    /// <summary>The forecasts from all rows in one piece.</summary>
    internal IReadOnlyList<double[]> Expected { get; private set; } = [];

    public async ValueTask InitializeAsync()
    {
        Package = TrainedModels.Of(_directory, TrainedModels.OneSeries, model: "cell: lstm, hiddenSize: 24, layers: 2");
        Expected = Package.Forecasts(_directory, TrainedModels.OneSeries)[""];
        Silos = await StartAsync(2, Package.Save(_directory.File("package")));
    }

    public async ValueTask DisposeAsync()
    {
        await Silos.DisposeAsync();
        _directory.Dispose();
    }

    /// <summary>Silos that serve a package.</summary>
    internal static Task<TestSilos> StartAsync(
        int silos, string package, StreamTakeover takeover = StreamTakeover.Carry, Action<ISiloBuilder>? configure = null) =>
        TestSilos.Start(silos, silo =>
        {
            silo.Services.PostConfigure<TbpttGrainsOptions>(options => options.Serve = new()
            {
                Models = [$"{Model}={package}"], KeptRows = 32, Takeover = takeover, Flush = false,
            });
            configure?.Invoke(silo);
        });

    /// <summary>A stream.</summary>
    internal static IStreamGrain Stream(TestSilos silos, string stream) =>
        silos.Grains.GetGrain<IStreamGrain>(new StreamKey(RunId.Parse(Model), stream).ToString());

    /// <summary>Rows of the table.</summary>
    internal static StreamRows Rows(int first, int count) => new(first,
    [
        .. TrainedModels.OneSeries.TrimEnd().Split('\n').Skip(first).Take(count).Select(line => new StreamRow([int.Parse(line,
            System.Globalization.CultureInfo.InvariantCulture)], [])),
    ]);
}

/// <summary>Streams in an in-process cluster: what is answered, what is refused, what outlasts a silo.</summary>
public sealed class ServedStreamTests(ServingSilos serving) : IClassFixture<ServingSilos>
{
    [Fact]
    public async Task Answers_AreThoseOfOnePass_HoweverRowsAreCut_AndSentAgain()
    {
        int[][] cuts = [[40], [1, 1, 38], [7, 32, 1], [.. Enumerable.Repeat(1, 40)]];
        foreach (var (index, cut) in cuts.Index())
        {
            var stream = ServingSilos.Stream(serving.Silos, $"cut-{index}");
            int first = 1;
            foreach (int count in cut)
            {
                var reply = await stream.Predict(ServingSilos.Rows(first, count));
                AssertForecasts(first, count, reply);
                first += count;
            }

            // The last 32 rows are kept: in other groups, and with further rows behind them.
            AssertForecasts(9, 32, await stream.Predict(ServingSilos.Rows(9, 32)));
            AssertForecasts(40, 1, await stream.Predict(ServingSilos.Rows(40, 1)));
        }
    }

    [Fact]
    public async Task ManyStreams_HaveTheBitsOfOne()
    {
        var streams = Enumerable.Range(0, 100).Select(i => ServingSilos.Stream(serving.Silos, $"many-{i}")).ToList();
        for (int first = 1; first <= 6; first++)
        {
            var replies = await Task.WhenAll(streams.Select(stream => stream.Predict(ServingSilos.Rows(first, 1))));
            Assert.All(replies, reply => AssertForecasts(first, 1, reply));
        }
    }

    [Fact]
    public async Task Rows_AreRefused_ThatDoNotFollow_WithTheNumberExpected()
    {
        var stream = ServingSilos.Stream(serving.Silos, "refused");
        await AssertAsync(StreamOutcome.Gap, 1, "first: found 2, expected 1,", ServingSilos.Rows(2, 1));
        await stream.Predict(ServingSilos.Rows(1, 40));

        await AssertAsync(StreamOutcome.Gap, 41, "first: found 43, expected 41,", new(43, [Row(1)]));
        await AssertAsync(StreamOutcome.Gone, 41, "row 8 was answered, and its answer is not kept", ServingSilos.Rows(8, 2));
        await stream.Predict(new(41, [Row(4)]));
        await AssertAsync(
            StreamOutcome.Conflict, 42, "rows[1]: found other cells than row 41", new(40, [ServingSilos.Rows(40, 1).Rows[0], Row(5)]));
        await AssertAsync(
            StreamOutcome.Refused, 42, "rows[1].sales: found no value, expected a number", new(42, [Row(1), Row(double.NaN)]));
        await AssertAsync(StreamOutcome.Refused, 0, "first: found 0, expected the number", new(0, [Row(1)]));
        await AssertAsync(StreamOutcome.Refused, 0, "rows: found 0, expected 1 to 1000", new(1, []));
        await AssertAsync(StreamOutcome.Refused, 0, "rows: found a row without cells", new(1, [default]));
        Assert.Equal(41, (await stream.Describe()).Last);

        var unknown = serving.Silos.Grains.GetGrain<IStreamGrain>("no-such-model/one");
        var reply = await unknown.Predict(new(1, [Row(1)]));
        Assert.Equal(StreamOutcome.NoModel, reply.Outcome);
        Assert.Contains("no-such-model", reply.Problem, StringComparison.Ordinal);

        async Task AssertAsync(StreamOutcome outcome, long next, string problem, StreamRows rows)
        {
            var found = await stream.Predict(rows);
            Assert.Equal((outcome, next), (found.Outcome, found.Next));
            Assert.Contains(problem, found.Problem, StringComparison.Ordinal);
            Assert.Empty(found.Forecasts);
        }
    }

    [Fact]
    public async Task ForgottenStream_BeginsAtZero()
    {
        var stream = ServingSilos.Stream(serving.Silos, "forgotten");
        await stream.Predict(ServingSilos.Rows(1, 5));
        var report = await stream.Describe();
        Assert.Equal((5, 1, serving.Package.Config.Hashes.Weights[..32]), (report.Last, report.FirstKept, report.Version));
        Assert.Equal(2 * 2 * 24, report.Hidden.Count);

        Assert.True(await stream.Delete());
        Assert.False(await stream.Delete());
        Assert.Equal(0, (await stream.Describe()).Last);
        AssertForecasts(1, 6, await stream.Predict(ServingSilos.Rows(1, 6)));
    }

    private static StreamRow Row(double sales) => new([sales], []);

    private void AssertForecasts(int first, int count, StreamReply reply)
    {
        Assert.Equal((StreamOutcome.Answered, ""), (reply.Outcome, reply.Problem));
        Assert.Equal(
            serving.Expected.Skip(first - 1).Take(count).Select(row => BitConverter.DoubleToInt64Bits(row[0])),
            reply.Forecasts.Select(row => BitConverter.DoubleToInt64Bits(row[0])));
    }
}

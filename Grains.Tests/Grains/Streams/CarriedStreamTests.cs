using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Streams;

/// <summary>Streams of models whose inputs depend on rows before: what is carried outlasts their silo, as the hidden state does.</summary>
[Slow]
public sealed class CarriedStreamTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    [Theory]
    [InlineData("transform: {sales: difference},")]
    [InlineData("", "cell: {name: lstm, projectionSize: 3}, hiddenSize: 5, layers: 2, learnInitialState: true")]
    [InlineData("missingValues: forward,")]
    [InlineData("missingValues: forward, transform: {sales: difference},")]
    public async Task KilledSilo_LosesNothingOfWhatIsCarried(string keys, string model = "cell: lstm, hiddenSize: 4")
    {
        string[] lines = TrainedModels.OneSeries.TrimEnd().Split('\n');

        // More missing rows than are kept, and the silo is killed behind the last of them.
        if (keys.Contains("forward", StringComparison.Ordinal))
            Array.Fill(lines, "\"\"", 3, 34);
        string text = string.Join('\n', lines) + "\n";
        var package = TrainedModels.Of(_directory, text, keys, model);
        var expected = package.Forecasts(_directory, text)[""];
        await using var silos = await ServingSilos.StartAsync(2, package.Save(_directory.File("package")));
        var rows = lines.Skip(1).Select(line => new StreamRow([line == "\"\"" ? double.NaN : int.Parse(line,
            System.Globalization.CultureInfo.InvariantCulture)], [])).ToList();
        for (int first = 1; first <= 36; first += 4)
            AssertForecasts(first, await Stream().Predict(new(first, rows.GetRange(first - 1, 4))));
        string home = (await Stream().Describe()).Silo;

        await silos.Cluster.KillSiloAsync(
            silos.Cluster.Silos.First(silo => silo.Name == home), TestContext.Current.CancellationToken);

        // The last rows once more, and those that follow.
        AssertForecasts(30, await StreamLossTests.AnsweredAsync(() => Stream().Predict(new(30, rows.GetRange(29, 11)))));

        IStreamGrain Stream() => ServingSilos.Stream(silos, "carried");

        void AssertForecasts(int first, StreamReply reply)
        {
            Assert.Equal((StreamOutcome.Answered, ""), (reply.Outcome, reply.Problem));
            Assert.Equal(
                expected.Skip(first - 1).Take(reply.Forecasts.Count).Select(row => BitConverter.DoubleToInt64Bits(row[0])),
                reply.Forecasts.Select(row => BitConverter.DoubleToInt64Bits(row[0])));
        }
    }

    public void Dispose() => _directory.Dispose();
}

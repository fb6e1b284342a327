using Orleans.Tbptt.Grains;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Tests.Grains.Streams;

/// <summary>Streams whose silo, or whose model, is lost.</summary>
[Slow]
public sealed class StreamLossTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    [Fact]
    public async Task KilledSilo_LosesNoAnsweredRow()
    {
        var package = TrainedModels.Of(_directory, TrainedModels.OneSeries);
        var expected = package.Forecasts(_directory, TrainedModels.OneSeries)[""];
        await using var silos = await ServingSilos.StartAsync(2, package.Save(_directory.File("package")));
        string[] names = [.. Enumerable.Range(0, 12).Select(i => $"s{i}")];
        foreach (string name in names)
            await ServingSilos.Stream(silos, name).Predict(ServingSilos.Rows(1, 10));
        var homes = await Task.WhenAll(names.Select(async name => (await ServingSilos.Stream(silos, name).Describe()).Silo));

        await silos.Cluster.KillSiloAsync(
            silos.Cluster.Silos.First(silo => silo.Name == homes[0]), TestContext.Current.CancellationToken);

        foreach (string name in names)
        {
            // The rows from 6 on once more, and those that follow.
            var reply = await AnsweredAsync(() => ServingSilos.Stream(silos, name).Predict(ServingSilos.Rows(6, 15)));
            Assert.Equal(expected.Skip(5).Take(15).Select(row => row[0]), reply.Forecasts.Select(row => row[0]));
        }
    }

    [Theory]
    [InlineData(StreamTakeover.Carry)]
    [InlineData(StreamTakeover.WarmUp)]
    [InlineData(StreamTakeover.Zero)]
    public async Task ReplacedModel_TakesOver_ByTheRule(StreamTakeover rule)
    {
        var first = TrainedModels.Of(_directory, TrainedModels.OneSeries);
        var second = TrainedModels.Of(_directory, TrainedModels.OneSeries, seed: 2);
        string directory = first.Save(_directory.File("package"));
        double[] answered = [.. first.Forecasts(_directory, TrainedModels.OneSeries)[""].Take(8).Select(row => row[0])];
        StreamReply further;
        Assert.NotEqual(first.Config.Hashes.Weights, second.Config.Hashes.Weights);
        await using (var silos = await ServingSilos.StartAsync(1, directory, rule))
        {
            var begun = await ServingSilos.Stream(silos, "s").Predict(ServingSilos.Rows(1, 8));
            Assert.Equal(answered, begun.Forecasts.Select(row => row[0]));
            second.Save(directory);
            File.SetLastWriteTimeUtc(Path.Combine(directory, ModelPackage.ConfigFile), new(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc));

            // Until a second has passed, the former model answers.
            for (int other = 0; await VersionAsync(silos, $"t{other}") != second.Config.Hashes.Weights[..32]; other++)
                TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            further = await ServingSilos.Stream(silos, "s").Predict(ServingSilos.Rows(1, 9));
        }

        // What was answered before stays as it was.
        Assert.Equal(answered, further.Forecasts.Take(8).Select(forecast => forecast[0]));
        var hidden = new float[Forecaster.HiddenLength(second)];
        string rows = string.Join('\n', TrainedModels.OneSeries.Split('\n')[..10]);
        if (rule == StreamTakeover.Carry)
            Run(first, string.Join('\n', TrainedModels.OneSeries.Split('\n')[..9]), hidden);
        string last = rule == StreamTakeover.WarmUp ? rows : $"sales\n{TrainedModels.OneSeries.Split('\n')[9]}\n";
        Assert.Equal(Run(second, last, hidden)[^1], further.Forecasts[^1][0]);
    }

    public void Dispose() => _directory.Dispose();

    private static async Task<string> VersionAsync(TestSilos silos, string stream)
    {
        await ServingSilos.Stream(silos, stream).Predict(ServingSilos.Rows(1, 1));
        return (await ServingSilos.Stream(silos, stream).Describe()).Version;
    }

    private List<double> Run(ModelPackage package, string text, float[] hidden)
    {
        string path = _directory.File("rows.csv");
        File.WriteAllText(path, text);
        using var data = Orleans.Tbptt.Data.Preparation.Forecasting.Open(package.Spec, package.Config.Contents, path);
        var found = new List<double>();
        Forecaster.Run(package, data, hidden, (_, forecasts) => found.AddRange(forecasts));
        return found;
    }

    /// <summary>Until the cluster knows of the lost silo, calls to its streams fail.</summary>
    internal static async Task<StreamReply> AnsweredAsync(Func<Task<StreamReply>> ask)
    {
        while (true)
        {
            try
            {
                return await ask();
            }
            catch (Exception exception) when (exception is OrleansException or TimeoutException)
            {
                TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            }
        }
    }
}

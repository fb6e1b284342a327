using System.Globalization;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs.Writing;
using Orleans.Tbptt.Tests.Client;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.Models;
using Orleans.Tbptt.Training.SingleProcess;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Tests.Support;

/// <summary>Small models of tables, trained here.</summary>
internal static class TrainedModels
{
    /// <summary>A column of 40 numbers.</summary>
    public static string OneSeries { get; } = "sales\n" + string.Concat(Enumerable.Range(0, 40).Select(
        i => string.Create(CultureInfo.InvariantCulture, $"{100 + (i * 7 % 13)}\n")));

    /// <summary>Two series of 30 rows, with columns of every use.</summary>
    public static string Panel { get; } = "day,shop,kind,size,weekday,sales\n" + string.Concat(Enumerable.Range(0, 30).SelectMany(
        i => new[] { ("north", "large", 3), ("south", "small", 1) }.Select(shop => string.Create(CultureInfo.InvariantCulture,
            $"2024-01-{i + 1:D2},{shop.Item1},{shop.Item2},{shop.Item3},{i % 7},{(100 * shop.Item3) + (i * 7 % 13)}\n"))));

    /// <summary>Trains a model.</summary>
    /// <param name="directory">Receives the table.</param>
    /// <param name="text">The table, as CSV.</param>
    /// <param name="keys">Further keys of <c>data</c>.</param>
    /// <param name="model">The network.</param>
    /// <param name="inputs">The inputs.</param>
    /// <param name="seed">The seed.</param>
    public static ModelPackage Of(
        TemporaryDirectory directory, string text, string keys = "", string model = "cell: lstm, hiddenSize: 4", string inputs = "[sales]",
        int seed = 1)
    {
        string path = directory.File("train.csv");
        File.WriteAllText(path, text);
        string spec =
            $$"""
            name: shops
            seed: {{seed}}
            model: { {{model}} }
            data: { source: "csv:{{path}}", inputs: {{inputs}}, targets: [sales], {{keys}} batchSize: 2 }
            tbptt: {chunkLength: 4}
            train: {epochs: 1, loss: mse, optimizer: {name: adam, lr: 0.01} }
            """;
        using var prepared = PreparedRun.Prepare(SpecLoader.Parse(spec, "shops.yaml", "/").Spec!);
        using var trainer = new SingleProcessTrainer(
            prepared.Spec, prepared.Data, () => new FusedReplica(prepared.Spec.Model, prepared.Spec.Train.Loss));
        Assert.Null(trainer.Train());
        return ModelPackage.Of(
            Sample.Status(RunState.Completed), prepared.Spec, SpecWriter.ToYaml(prepared.Spec), new([], prepared.Description),
            trainer.State.Parameters, HiddenTensors.Of(prepared.Spec.Model, prepared.Spec.Data.BatchSize, trainer.State.Hidden));
    }

    /// <summary>Writes a package.</summary>
    /// <returns>Its directory.</returns>
    public static string Save(this ModelPackage package, string directory)
    {
        Directory.CreateDirectory(directory);
        foreach (var (name, write) in package.Files)
        {
            using var stream = File.Create(Path.Combine(directory, name));
            write(stream);
        }

        return directory;
    }

    /// <summary>The forecasts from all rows of a table in one piece, by series; without series under an empty name.</summary>
    public static Dictionary<string, List<double[]>> Forecasts(this ModelPackage package, TemporaryDirectory directory, string text)
    {
        string path = directory.File("forecast.csv");
        File.WriteAllText(path, text);
        using var data = Forecasting.Open(package.Spec, package.Config.Contents, path);
        var found = new Dictionary<string, List<double[]>>();
        Forecaster.Run(package, data, Forecaster.Starts(package, data.Sequences.Count), (slice, forecasts) =>
        {
            string series = data.Sequences.SeriesOf(slice.Sequence) ?? "";
            if (!found.TryGetValue(series, out var rows))
                found.Add(series, rows = []);
            for (int i = 0; i < slice.Length; i++)
                rows.Add(forecasts.Slice(i * data.Targets.Count, data.Targets.Count).ToArray());
        });
        return found;
    }
}

using System.Globalization;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs.Writing;
using Orleans.Tbptt.Tests.Client;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.Models;
using Orleans.Tbptt.Training.SingleProcess;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Tests.Training.Models;

/// <summary>Small models of tables that are trained here, and the files that they are used with.</summary>
internal sealed class TrainedModels : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    /// <summary>Rows with one column.</summary>
    public static string OneSeries(int rows = 40) => "sales\n" + string.Concat(Enumerable.Range(0, rows).Select(
        i => string.Create(CultureInfo.InvariantCulture, $"{100 + (i * 7 % 13)}\n")));

    /// <summary>Rows of two shops, with columns of every role.</summary>
    public static string Panel(int days = 30) => "day,shop,kind,size,weekday,sales\n" + string.Concat(Enumerable.Range(0, days).SelectMany(
        i => new[] { ("north", "large", 3), ("south", "small", 1) }.Select(shop => string.Create(CultureInfo.InvariantCulture,
            $"2024-01-{i + 1:D2},{shop.Item1},{shop.Item2},{shop.Item3},{i % 7},{(100 * shop.Item3) + (i * 7 % 13)}\n"))));

    /// <summary>A file's path.</summary>
    public string File(string name) => Path.Combine(_directory.Path, name);

    /// <summary>Writes a file.</summary>
    public string Write(string name, string text)
    {
        System.IO.File.WriteAllText(File(name), text);
        return File(name);
    }

    /// <summary>Trains on a table for an epoch.</summary>
    /// <param name="text">The table as CSV.</param>
    /// <param name="keys">Keys of data; inputs and targets are sales where they name none.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="lanes">The lanes.</param>
    /// <param name="loss">The loss.</param>
    public ModelPackage Trained(string text, string keys = "", int seed = 1, int lanes = 2, string loss = "mse")
    {
        string inputs = keys.Contains("inputs:", StringComparison.Ordinal) ? "" : "inputs: [sales], ";
        string spec =
            $$"""
            name: shops
            seed: {{seed}}
            model: {cell: lstm, hiddenSize: 4}
            data: { source: "csv:{{Write("train.csv", text)}}", {{inputs}}targets: [sales], {{keys}} batchSize: {{lanes}} }
            tbptt: {chunkLength: 4}
            train: {epochs: 1, loss: {{loss}}, optimizer: {name: adam, lr: 0.01} }
            """;
        using var prepared = PreparedRun.Prepare(SpecLoader.Parse(spec, "shops.yaml", "/").Spec!);
        return Train(prepared);
    }

    /// <summary>Trains a run to its end.</summary>
    public static ModelPackage Train(PreparedRun prepared)
    {
        using var trainer = new SingleProcessTrainer(
            prepared.Spec, prepared.Data, () => new FusedReplica(prepared.Spec.Model, prepared.Spec.Train.Loss));
        Assert.Null(trainer.Train());
        return PackageOf(prepared, trainer);
    }

    /// <summary>The package of a run that was trained to its end.</summary>
    public static ModelPackage PackageOf(PreparedRun prepared, SingleProcessTrainer trainer) => ModelPackage.Of(
        Sample.Status(RunState.Completed), prepared.Spec, SpecWriter.ToYaml(prepared.Spec), new(prepared.Files, prepared.Description),
        trainer.State.Parameters, HiddenTensors.Of(prepared.Spec.Model, prepared.Spec.Data.BatchSize, trainer.State.Hidden));

    /// <summary>Writes a package, and gives its directory.</summary>
    public string Save(ModelPackage package, string name = "package")
    {
        string directory = Directory.CreateDirectory(File(name)).FullName;
        foreach (var (file, write) in package.Files)
        {
            using var stream = System.IO.File.Create(Path.Combine(directory, file));
            write(stream);
        }

        return directory;
    }

    public void Dispose() => _directory.Dispose();
}

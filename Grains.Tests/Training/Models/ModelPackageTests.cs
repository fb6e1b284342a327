using System.Text.Json;
using Orleans.Tbptt.Data.Safetensors;
using Orleans.Tbptt.Descriptions;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Client;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Tests.Training.Models;

/// <summary>What a run ends with, as a package, and back.</summary>
public sealed class ModelPackageTests : IDisposable
{
    private const string Text =
        """
        name: wave
        model: {cell: gru, hiddenSize: 3, inputSize: 2, outputSize: 1}
        data: {source: "csv:/home/somebody/data/waves.csv", batchSize: 4, validation: {source: "csv:/home/somebody/late.csv"}}
        tbptt: {chunkLength: 5}
        train: {epochs: 2, loss: mse, optimizer: {name: sgd, lr: 0.1}}
        """;

    private readonly TemporaryDirectory _directory = new();

    [Fact]
    public void Package_IsReadAsItWasWritten()
    {
        var package = Sampled();
        Write(package);

        var read = ModelPackage.Load(_directory.Path, SpecLoader.Reader);

        Assert.Equal(package.Parameters.ToArray(), read.Parameters.ToArray());
        Assert.Equal(package.Hidden.ToArray(), read.Hidden.ToArray());
        Assert.Equal(3, read.Spec.Model.HiddenSize);
        Assert.Equal(["kW"], read.Config.Targets);
        Assert.Equal(0.1 + 0.2, read.Config.Columns[0].ScaleMean);
        Assert.Equal(("waves.csv", 17), (read.Config.Files[0].Path, read.Config.Files[0].Length));
    }

    [Fact]
    public void SameRun_GivesTheSameBytes()
    {
        Assert.Equal(Bytes(Sampled()), Bytes(Sampled()));

        static List<string> Bytes(ModelPackage package) =>
        [
            .. package.Files.Select(file =>
            {
                using var stream = new MemoryStream();
                file.Write(stream);
                return $"{file.Name} {Convert.ToHexString(stream.ToArray())}";
            }),
        ];
    }

    [Fact]
    public void Metadata_HaveTheHashes_AndTheCardHasTheResults()
    {
        var package = Sampled();
        Write(package);

        var metadata = SafetensorsFile.ReadHeader(File("model.safetensors")).Metadata;
        string card = System.IO.File.ReadAllText(File("README.md"));

        Assert.Equal(package.Config.Hashes.Weights, metadata["weights_sha256"]);
        Assert.Equal((package.Config.Hashes.Spec, package.Config.Hashes.Data), (metadata["spec_sha256"], metadata["data_sha256"]));
        Assert.StartsWith("---\nlibrary_name: tbptt\n", card, StringComparison.Ordinal);
        Assert.Contains("| validation RMSE | 3.25 kW |\n| test RMSE | 1.25 kW |\n\n", card, StringComparison.Ordinal);
        Assert.Contains("at the end | 0.125 |\n", card, StringComparison.Ordinal);
        Assert.DoesNotContain("/home/", card, StringComparison.Ordinal);
        Assert.DoesNotContain("/home/", System.IO.File.ReadAllText(File("config.json")), StringComparison.Ordinal);
        Assert.Contains("source: \"csv:waves.csv\"", package.Config.Spec, StringComparison.Ordinal);
        Assert.Contains("source: \"csv:late.csv\"", package.Config.Spec, StringComparison.Ordinal);
    }

    [Fact]
    public void Card_NamesTheHeadsWeight_AsTheFileDoes()
    {
        var (config, spec) = (Sampled().Config, Sampled().Spec);
        EmbeddingSpec embedding = new() { Size = spec.Model.HiddenSize, Vocabulary = 3 };
        var tied = spec.Model with { Embedding = embedding, OutputSize = 3, TieWeights = true };

        Assert.Contains("`rnn.weight_ih_l0`, …, `head.weight`, `head.bias`), ", ModelCard.Of(config, spec), StringComparison.Ordinal);
        Assert.Contains("`rnn.weight_ih_l0`, …, `head.bias`; the head's weight is `embedding.weight`), ",
            ModelCard.Of(config, spec with { Model = tied }), StringComparison.Ordinal);
    }

    [Fact]
    public void Configuration_HasTheKeysThatTheDocumentationNames()
    {
        Write(Sampled());
        string documentation = System.IO.File.ReadAllText(SourceTree.Of("docs", "models.md"));

        using var config = JsonDocument.Parse(System.IO.File.ReadAllText(File("config.json")));

        Assert.All(config.RootElement.EnumerateObject().Select(key => key.Name).Except(["model_type", "data", "loss"]),
            key => Assert.Contains($"`{key}`", documentation, StringComparison.Ordinal));
    }

    [Fact]
    public void OtherParameters_AreRefused()
    {
        var package = Sampled();
        Write(package);
        float[] others = package.Parameters.ToArray();
        others[4] += 1;
        using (var stream = System.IO.File.Create(File("model.safetensors")))
            SafetensorsFile.Write(stream, ParameterLayout.Of(package.Spec.Model), others);

        var refusal = Assert.Throws<ModelPackageException>(() => ModelPackage.Load(_directory.Path, SpecLoader.Reader));

        Assert.Contains("model.safetensors: found parameters with SHA-256 ", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{", "found no configuration that can be read")]
    [InlineData("{}", "found no configuration that can be read")]
    [InlineData(null, "found no configuration that can be read")]
    public void OtherDirectories_AreRefused(string? config, string expected)
    {
        if (config is not null)
            System.IO.File.WriteAllText(File("config.json"), config);

        var refusal = Assert.Throws<ModelPackageException>(() => ModelPackage.Load(_directory.Path, SpecLoader.Reader));

        Assert.Contains(expected, refusal.Message, StringComparison.Ordinal);
        Assert.Contains("tbptt export", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LaterFormat_IsRefused()
    {
        Write(Sampled());
        string text = System.IO.File.ReadAllText(File("config.json"));
        System.IO.File.WriteAllText(File("config.json"), text.Replace("\"format\": 1,", "\"format\": 2,", StringComparison.Ordinal));

        var refusal = Assert.Throws<ModelPackageException>(() => ModelPackage.Load(_directory.Path, SpecLoader.Reader));

        Assert.Contains("found format 2, expected 1 or less", refusal.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();

    private static ModelPackage Sampled()
    {
        var spec = SpecLoader.Parse(Text, "wave.yaml", "/", filesMustExist: false).Spec!;
        var layout = ParameterLayout.Of(spec.Model);
        var status = Sample.Status(RunState.Completed) with
        {
            EpochLosses = [0.5, 0.25], ValidationLosses = [0.75, 0.375],
            Metrics = [new("validation RMSE", 3.25, "kW", MetricKind.Validation)],
            Test = new(4, new(0.125, new(1, 4, 4),
                [new("test RMSE", 1.25, "kW", MetricKind.Test), new("test RMSE", 9, "kW", MetricKind.Test, "north", 2)])),
        };
        return ModelPackage.Of(
            status, spec, Text, new([new("/home/somebody/waves.csv", 17, new('a', 64))], Description()),
            Enumerable.Range(0, layout.Length).Select(i => i / 7f).ToArray(),
            Enumerable.Range(0, 4 * layout.HiddenPerLane).Select(i => -i / 3f).ToArray());
    }

    private static DataDescription Description() => new()
    {
        Source = "csv", Training = new(1, 10, 10, 10, null), Lanes = new(4, 2, 0), Memory = new(1, 1),
        Contents = new()
        {
            Inputs = ["kW", "°C"], Targets = ["kW"],
            Columns = [new() { Name = "kW", Use = "input, target", ScaleMean = 0.1 + 0.2, ScaleDeviation = 2 }],
        },
    };

    private string File(string name) => Path.Combine(_directory.Path, name);

    private void Write(ModelPackage package)
    {
        foreach (var (name, write) in package.Files)
        {
            using var stream = System.IO.File.Create(File(name));
            write(stream);
        }
    }
}

using Orleans.Tbptt.Data.Bytes;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Data.Text;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Data;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Models;
using Orleans.Tbptt.Training.Optimizers;

namespace Orleans.Tbptt.Tests.Grains.Runs;

/// <summary>A run that begins with a model package: with its columns, its scaling and its vocabulary.</summary>
public sealed class PackagedRunTests(OneSilo fixture) : IClassFixture<OneSilo>, IDisposable
{
    private const int Rows = 95;
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    /// <summary>The first step's loss is measured before the update: it is that of the package's model on these data.</summary>
    [Fact]
    public async Task FirstLoss_IsThatOfThePackagesModel()
    {
        var (parent, child) = await Trained();
        var package = ModelPackage.Load(parent.Directory.Package, SpecLoader.Reader);
        using var data = Forecasting.OpenWithTargets(package.Spec, package.Config.Contents, child.Data.Source.Paths[0]);

        var run = await fixture.Silos.Train(child);

        Assert.Equal((RunState.Completed, ""), (run.End.State, run.End.Message));
        Assert.Equal(Evaluator.Evaluate(package, data, season: null).Figures.Loss, run.StepLosses[0]);
        string written = await File.ReadAllTextAsync(run.Directory.Spec, TestContext.Current.CancellationToken);
        Assert.Contains($"initFrom: {parent.Directory.Package}", written, StringComparison.Ordinal);
        Assert.Contains("categorical: [shop]", written, StringComparison.Ordinal);
        Assert.Contains($"model package of run {parent.Directory.Id} after 1 step: columns are scaled as its model's were", run.Status.Data,
            StringComparison.Ordinal);
        Assert.Equal(Scales(parent), Scales(run));
        Assert.Equal(Scales(parent), ModelPackage.Load(run.Directory.Package, SpecLoader.Reader).Config.Columns
            .Select(column => (column.Name, column.ScaleMean, column.ScaleDeviation)));
    }

    /// <summary>The file of weights in a package is weights alone: columns are scaled by the data, as they were before.</summary>
    [Fact]
    public async Task Weights_AreTakenAlone_WhereTheirFileIsNamed()
    {
        var (parent, child) = await Trained();
        string weights = Path.Combine(parent.Directory.Package, "model.safetensors");

        var source = (CsvSource)child.Data.Source with { Path = _directory.File("third.csv") };
        child = child with { Data = child.Data with { Source = source } };
        await File.WriteAllTextAsync(child.Data.Source.Paths[0], Wave("x,shop", level: 5, "ab"), TestContext.Current.CancellationToken);
        using var other = Open(child);
        using var rescaled = Open(child with
        {
            Model = child.Model with { InitFrom = weights },
            Data = child.Data with
            {
                Source = source with { Inputs = ["x", "shop"], Targets = ["x"], Categorical = ["shop"] },
            },
        });
        Assert.NotEqual(other.Data.Training.Inputs(0, 1), rescaled.Data.Training.Inputs(0, 1));
    }

    [Fact]
    public async Task Keys_MustBeThoseOfThePackage()
    {
        var (_, child) = await Trained();
        var source = (CsvSource)child.Data.Source;
        string With(CsvSource other) => Problem(child with { Data = child.Data with { Source = other } });

        Assert.Equal("data.horizon: found 2, expected 1, as in the model package; correct it, or name the package's model.safetensors to "
            + "take the weights alone", With(source with { Horizon = 2 }));
        Assert.StartsWith("data.scale: found none, expected column, as in the model package", With(source with { Scale = TableScale.None }),
            StringComparison.Ordinal);
        Assert.StartsWith("data.targets: found x, shop", With(source with { Targets = ["x", "shop"] }), StringComparison.Ordinal);
        Assert.StartsWith("data.transform: found x log1p, expected none, as in the model package",
            With(source with { Transform = new([new("x", ColumnTransform.Log1P)]) }), StringComparison.Ordinal);
        Assert.StartsWith("model.hiddenSize: found 7, expected 6, as in the model package",
            Problem(child with { Model = child.Model with { HiddenSize = 7 } }), StringComparison.Ordinal);
    }

    [Fact]
    public async Task DamagedPackages_AreRefused()
    {
        var (parent, child) = await Trained();
        var (other, _) = await Trained(seed: 2);
        string package = child.Model.InitFrom!, config = Path.Combine(package, "config.json");

        File.Copy(Path.Combine(other.Directory.Package, "model.safetensors"), Path.Combine(package, "model.safetensors"), overwrite: true);
        Assert.Matches($"^model.initFrom: found weights with SHA-256 [0-9a-f]+ in {package}/model.safetensors, expected [0-9a-f]+, as "
            + "config.json says; export the model again", Problem(child));
        await File.WriteAllTextAsync(config, "{", TestContext.Current.CancellationToken);
        Assert.Contains("config.json, which is damaged", Problem(child), StringComparison.Ordinal);
        File.Delete(config);
        Assert.StartsWith($"model.initFrom: found the directory {package} without config.json, expected a model package", Problem(child),
            StringComparison.Ordinal);
        Assert.NotEqual(parent.Directory.Package, other.Directory.Package);
    }

    /// <summary>A text whose characters come in another order has the numbers that the model knows.</summary>
    [Fact]
    public async Task Tokens_HaveTheNumbersOfThePackage()
    {
        string first = _directory.File("first.txt"), second = _directory.File("second.txt");
        await File.WriteAllTextAsync(first, string.Concat(Enumerable.Repeat("abcab", 10)), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(second, "cbacba", TestContext.Current.CancellationToken);
        RunSpec Text(string file) => Spec(new CharacterSource { Glob = file }, new() { Size = 3 });
        var parent = await fixture.Silos.Train(Text(first));
        RunSpec child = Text(second);
        child = child with { Model = child.Model with { InitFrom = parent.Directory.Package } };

        using (var run = Open(child))
        {
            Assert.Equal([2, 1, 0, 2, 1], run.Data.Training.Tokens(0));
            Assert.Equal(["a", "b", "c"], run.Data.Description.Tokens);
        }

        await File.WriteAllTextAsync(second, "cbxa", TestContext.Current.CancellationToken);
        Assert.Contains("the character 'x' in line 1, at byte 2 of", Problem(child), StringComparison.Ordinal);
        Assert.Equal("data.source: found bytes, expected characters, as in the model package; correct it, or name the package's "
            + "model.safetensors to take the weights alone",
            Problem(child with { Data = child.Data with { Source = new ByteSource { Glob = second } } }));
    }

    /// <summary>The files of the package come behind those of the data, whose number only the run knows.</summary>
    [Fact]
    public async Task RunThatBeganWithAPackage_IsExtended()
    {
        string file = _directory.File("d.bytes");
        await File.WriteAllTextAsync(file, string.Concat(Enumerable.Repeat("abcab", 10)), TestContext.Current.CancellationToken);
        RunSpec spec = Spec(new ByteSource { Glob = _directory.File("*.bytes") }, new() { Size = 3 });
        var first = await fixture.Silos.Train(spec);
        var parent = await fixture.Silos.Train(spec with { Model = spec.Model with { InitFrom = first.Directory.Package } });
        await File.AppendAllTextAsync(file, "abcababcab", TestContext.Current.CancellationToken);

        RunSpec extending = GrowingData.Extending(parent.Directory);
        var child = await fixture.Silos.Train(extending with { Model = extending.Model with { InitFrom = null } });

        string data = await File.ReadAllTextAsync(parent.Directory.Data, TestContext.Current.CancellationToken);
        Assert.Equal(
            ["d.bytes", "model.safetensors", "config.json"], RunJson.ReadData(data).Files.Select(one => Path.GetFileName(one.Path)));
        Assert.Equal((RunState.Completed, ""), (child.End.State, child.End.Message));
    }

    private static IEnumerable<(string, double?, double?)> Scales(FinishedRun run) =>
        RunJson.ReadData(File.ReadAllText(run.Directory.Data)).Description!.Contents.Columns
            .Select(column => (column.Name, column.ScaleMean, column.ScaleDeviation));

    private static PreparedRun Open(RunSpec spec) => PreparedRun.Prepare(spec, reader: SpecLoader.Reader);

    private static string Problem(RunSpec spec) =>
        Assert.Throws<SpecException>(() => Open(spec).Dispose()).Problems[0].ToString();

    private static RunSpec Spec(SourceSpec source, EmbeddingSpec? embedding = null, int seed = 1) => new()
    {
        Name = "packaged",
        Seed = seed,
        Engine = new AutoEngine(),
        Model = new() { Cell = new LstmCell(), HiddenSize = 6, Embedding = embedding },
        Data = new() { Source = source, BatchSize = 1 },
        Tbptt = new() { ChunkLength = Rows },
        Train = new()
        {
            Epochs = 1, Loss = embedding is null ? new SquaredError() : new CrossEntropy(), Optimizer = new Adam { Lr = 1e-2 },
        },
    };

    /// <summary>A run on a wave of two shops, and the spec of one that begins with its package, on a wave at another level.</summary>
    private async Task<(FinishedRun Parent, RunSpec Child)> Trained(int seed = 1)
    {
        string first = _directory.File("first.csv"), second = _directory.File("second.csv");
        await File.WriteAllTextAsync(first, Wave("x,shop", level: 0, "ab"), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(second, Wave("x,shop", level: 5, "ba"), TestContext.Current.CancellationToken);
        var parent = await fixture.Silos.Train(Spec(
            new CsvSource { Path = first, Inputs = ["x", "shop"], Targets = ["x"], Categorical = ["shop"] }, seed: seed));
        RunSpec child = Spec(new CsvSource { Path = second });
        return (parent, child with { Model = child.Model with { InitFrom = parent.Directory.Package } });
    }

    private static string Wave(string header, int level, string shops) => $"{header}\n" + string.Concat(Enumerable.Range(0, Rows)
        .Select(row => FormattableString.Invariant($"{Math.Round(level + Math.Sin(row * 0.3), 4)},{shops[row % shops.Length]}\n")));
}

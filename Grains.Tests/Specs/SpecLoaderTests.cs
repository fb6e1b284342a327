using Orleans.Tbptt.Data.Bytes;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.Npy;
using Orleans.Tbptt.Data.Synthetic;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Optimizers;
using static Orleans.Tbptt.Tests.Specs.SpecFixture;

namespace Orleans.Tbptt.Tests.Specs;

public class SpecLoaderTests
{
    [Fact]
    public void Spec_TakesDefaults_WhenOptionalKeysAreLeftOut()
    {
        RunSpec spec = Sound(Bytes);

        Assert.Equal("run", spec.Name);
        Assert.Equal(1, spec.Seed);
        Assert.Equal(DeviceName.Auto, spec.Device);
        Assert.Equal(new LstmCell(), spec.Model.Cell);
        Assert.Equal(1, spec.Model.Layers);
        Assert.Null(spec.Model.InputSize);
        Assert.Null(spec.Model.OutputSize);
        Assert.Null(spec.Model.Embedding!.Vocabulary);
        Assert.Null(spec.Model.InitFrom);
        Assert.Equal(1, spec.Train.Trainers);
        Assert.Null(spec.Train.ClipNorm);
        Assert.Equal(new TbpttSpec { ChunkLength = 10 }, spec.Tbptt);
        Assert.Equal(new Sgd { Lr = 0.5 }, spec.Train.Optimizer);
    }

    [Fact]
    public void Spec_TakesEveryKey_WhenAllAreGiven()
    {
        RunSpec spec = Sound("""
            name: "a: name"
            seed: 9223372036854775807
            device: cuda:3
            model: {cell: gru, inputSize: 5, hiddenSize: 7, layers: 2, outputSize: 3, dropout: .5, initFrom: w.safetensors}
            data:
              source: csv:a b.csv
              batchSize: 6
              validationFraction: 0.25
              inputs: [x, "1", ü]
              targets: [y]
              horizon: 4
              standardize: false
            tbptt: {chunkCount: 12}
            train:
              trainers: 3
              epochs: 11
              loss: mse
              clipNorm: 2e-1
              wire: bfloat16
              optimizer: {name: adamw, lr: 3e-3, betas: [0.8, 0.95], eps: 1e-6, weightDecay: 0}
            """);

        Assert.Equal(
            new RunSpec
            {
                Name = "a: name",
                Engine = new AutoEngine(),
                Seed = long.MaxValue,
                Device = new DeviceName("cuda:3"),
                Model = new()
                {
                    Cell = new GruCell(), InputSize = 5, HiddenSize = 7, Layers = 2, OutputSize = 3, Dropout = 0.5,
                    InitFrom = "/base/w.safetensors",
                },
                Data = new()
                {
                    Source = new CsvSource { Path = "/base/a b.csv", Inputs = ["x", "1", "ü"], Targets = ["y"], Horizon = 4,
                        Standardize = false }, BatchSize = 6, ValidationFraction = 0.25
                },
                Tbptt = new() { ChunkCount = 12 },
                Train = new()
                {
                    Trainers = 3, Epochs = 11, Loss = new SquaredError(), ClipNorm = 0.2, Wire = WireKind.Bfloat16,
                    Optimizer = new AdamW
                    {
                        Lr = 0.003, Beta1 = 0.8, Beta2 = 0.95, Eps = 1e-6, WeightDecay = 0,
                    },
                },
            },
            spec);
    }

    [Fact]
    public void Mistakes_AreReportedAllAtOnce_InTheOrderOfTheDocument()
    {
        string[] problems = Problems("""
            sead: 3
            model:
              hiddenSize: 0
              dropout: 1
            data:
              source: sine
              batchSize: "4"
              shuffle: yes
            tbptt:
              chunkLength: 10.5
            train:
              trainers: 2
              epochs: 2
              loss: cross_entropy
              optimizer:
                lr: -1
                name: adm
                momentum: x
            """);

        Assert.Equal(
            [
                "run.yaml:1:1 sead:", "run.yaml:3:3 model.hiddenSize:", "run.yaml:4:3 model.dropout:", "run.yaml:7:3 data.batchSize:",
                "run.yaml:8:3 data.shuffle:", "run.yaml:10:3 tbptt.chunkLength:", "run.yaml:14:3 train.loss:",
                "run.yaml:16:5 train.optimizer.lr:", "run.yaml:17:5 train.optimizer.name:", "run.yaml:18:5 train.optimizer.momentum:",
            ],
            problems.Select(problem => problem[..(problem.IndexOf(": found", StringComparison.Ordinal) + 1)]));
    }

    [Fact]
    public void Json_IsReadLikeYaml_WhenItHasTabs()
    {
        const string Json =
            "{\n\t\"name\":\t\"waves\",\n\t\"model\": {\"hiddenSize\": 8},\n\t\"data\": {\"source\": \"sine\", \"batchSize\": 4},\n"
            + "\t\"tbptt\": {\"chunkLength\": 10},\n\t\"train\": {\"epochs\": 2, \"loss\": \"mse\",\n\t\t\"optimizer\": {\"name\": "
            + "\"adam\", \"lr\": 1e-3}}\n}";

        Assert.Equal(Sound(Sine), Sound(Json));
        Assert.Equal(Sound(Sine), Sound("\ufeff" + Json));
        Assert.Equal(
            "run.yaml:5:12 tbptt.chunkLength: found the text \"ten\", expected a whole number of 1 or more; write a whole number",
            Problem(Json.Replace("\"chunkLength\": 10", "\"chunkLength\": \"ten\"", StringComparison.Ordinal)));
    }

    [Fact]
    public void Braces_AreYaml_WhenTheyAreNotJson()
    {
        Assert.Equal(
            Sound(Sine),
            Sound("{name: waves, model: {hiddenSize: 8}, data: {source: sine, batchSize: 4}, tbptt: {chunkLength: 10},\n"
                + "train: {epochs: 2, loss: mse, optimizer: {name: adam, lr: 1e-3}}} # YAML"));
    }

    [Theory]
    [InlineData("/x/my run.yaml", "my run")]
    [InlineData(".yaml", "run")]
    [InlineData("a\tb.yaml", "a-b")]
    [InlineData("ten.of.ten.yaml", "ten.of.ten")]
    public void Name_ComesFromTheFile_WhenLeftOut(string file, string name) =>
        Assert.Equal(name, SpecLoader.Parse(Bytes, file, "/base").Spec!.Name);

    [Fact]
    public void Name_IsCutToFit_WhenTheFileNameIsLong() =>
        Assert.Equal(new string('x', 60), SpecLoader.Parse(Bytes, new string('x', 99) + ".yaml", "/base").Spec!.Name);

    [Fact]
    public void Problem_GetsThePlaceOfItsKey_WhenItIsFoundLater()
    {
        SpecDocument document = Read(Sine, "model.layers=2");

        Assert.Equal("run.yaml:3:3", document.Locate(new("model.hiddenSize", "", "", "")).Location);
        Assert.Equal("run.yaml:2:1", document.Locate(new("model.outputSize", "", "", "")).Location);
        Assert.Equal("--set model.layers=2", document.Locate(new("model.layers", "", "", "")).Location);
        Assert.Equal("run.yaml:1:1", document.Locate(new("device", "", "", "")).Location);
    }

    [Fact]
    public void DataSpec_DiffersInEveryMember_WhenCompared()
    {
        DataSpec spec = Sound(Sine).Data;
        SourceSpec[] sources =
        [
            new AverageSource(), new SineSource { Sequences = 5 }, new SineSource { SequenceLength = 5 },
            new CsvSource(), new CsvSource { Path = "/a" }, new CsvSource { Inputs = ["a"] }, new CsvSource { Targets = ["a"] },
            new CsvSource { Horizon = 2 },
            new CsvSource { Standardize = false }, new NpySource(), new NpySource { Files = ["/a"] }, new ByteSource(),
            new ByteSource { Glob = "/a" },
            new ByteSource { Exclude = ["/a"] },
        ];
        DataSpec[] others =
        [
            spec with { BatchSize = 5 }, spec with { Shuffle = true }, spec with { ValidationFraction = 0.1 },
            .. sources.Select(source => spec with { Source = source }),
        ];

        Assert.All(others, other => Assert.NotEqual(spec, other));
        Assert.Equal(others.Length, others.Distinct().Count());
        Assert.Equal(new NpySource { Files = ["/a"] }, new NpySource { Files = new List<string> { "/a" } });
        Assert.Equal(new ByteSource { Exclude = ["/a"] }.GetHashCode(), new ByteSource { Exclude = new List<string> { "/a" } }
            .GetHashCode());
        Assert.Equal(new CsvSource { Inputs = ["/a"] }.GetHashCode(), new CsvSource { Inputs = new List<string> { "/a" } }.GetHashCode());
    }

    [Fact]
    public void Sync_HasTheDefaultsOfThePaper_WhenItIsLocal()
    {
        Assert.Equal(new SyncSpec(), SpecFixture.Sound(SpecFixture.Sine).Train.Sync);
        Assert.Equal(
            new SyncSpec { Mode = SyncMode.Local, Chunks = 50,
                Outer = new() { Name = OuterOptimizerKind.Nesterov, Lr = 0.7, Momentum = 0.9 } },
            SpecFixture.Sound(SpecFixture.Sine, "train.sync={mode: local, chunks: 50}").Train.Sync);
    }
}

using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.Npy;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Writing;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Optimizers;
using static Orleans.Tbptt.Tests.Specs.SpecFixture;

namespace Orleans.Tbptt.Tests.Specs;

public class SpecWriterTests
{
    private static readonly string[] Texts =
    [
        "a", "null", "true", "10", "1e-3", ".5", "~", "yes", "No", "a b", " a", "a ", "a: b", "a #b", "#a", "-", "- a", "\"", "'", "\\",
        "\\n",
        "a\\", "[a]", "{a}", "*a", "&a", "!a", "%a", "@a", "`a", "|", ">", "?", "a,b", "ü", "😀", "日本", "<<", "a:", ":a", "=", "0x1",
        ".inf",
        "---", "...", "a\\u0041", "\u00a0", "/x", "C:\\a",
    ];

    private static readonly double[] Numbers =
        [1e-3, 0.1, 1.0 / 3, 3e-3, 1e-8, 1.1754943508222875e-38, 1e15, 1e16, 9.9e29, 1e30, 123456789.125, 1.5e-37, 0.30000000000000004];

    [Theory]
    [InlineData("  source: sine")]
    [InlineData("  source: average\n  sequences: 7\n  sequenceLength: 21\n  shuffle: true\n  validationFraction: .3")]
    [InlineData("  source: csv:x.csv\n  inputs: [a, 'b c']\n  targets: ['3']\n  horizon: 3\n  standardize: false")]
    [InlineData("  source: npy:a.npy,b.npy\n  shuffle: true")]
    [InlineData("  source: npy:a.npy,b.npy,/c d.npy")]
    public void Spec_ComesBackEqual_WithEverySource(string source) => AssertComesBack(Sound(Sine.With(source)));

    [Theory]
    [InlineData("{name: sgd, lr: 0.1, momentum: 0.9}")]
    [InlineData("{name: adam, lr: 1e-30, betas: [0, .5], eps: 1e-30}")]
    [InlineData("{name: adamw, lr: 2, betas: [0.1, 0.2], eps: 1e-5, weightDecay: 3}")]
    [InlineData("{name: rmsprop, lr: 2, eps: 1e-5, alpha: 0.5}")]
    [InlineData("{name: sgd, lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.2}")]
    [InlineData("{name: adagrad, lr: 2, eps: 1e-5}")]
    [InlineData("{name: nadam, lr: 2, betas: [0.1, 0.2], eps: 1e-5}")]
    [InlineData("{name: radam, lr: 2, betas: [0.1, 0.2], eps: 1e-5}")]
    [InlineData("{name: lion, lr: 2, betas: [0.1, 0.2], weightDecay: 3}")]
    public void Spec_ComesBackEqual_WithEveryOptimizer(string optimizer) =>
        AssertComesBack(Sound(Bytes.With($"  optimizer: {optimizer}").After("  batchSize", "  exclude: [a, 'b/*']"), "train.clipNorm=.25"));

    [Fact]
    public void Spec_ComesBackEqual_WithEveryText()
    {
        RunSpec spec = Sound(Sine.With("  source: csv:x"));
        foreach (string text in Texts.Where(text => !string.IsNullOrWhiteSpace(text)))
        {
            AssertComesBack(spec with
            {
                Name = text,
                Model = spec.Model with { InitFrom = Path.GetFullPath($"/dir {text}/{text}") },
                Data = spec.Data.From<CsvSource>(csv =>
                    csv with { Path = Path.GetFullPath($"/{text}/{text}.csv"), Inputs = [text, text + "2"], Targets = [text] }),
            });
        }
    }

    [Fact]
    public void Spec_ComesBackEqual_WithEveryNumber()
    {
        RunSpec spec = Sound(Sine);
        foreach (double number in Numbers)
        {
            AssertComesBack(spec with
            {
                Seed = (long)Math.Min(number, 1e18),
                Train = spec.Train with { ClipNorm = number, Optimizer = new Adam { Lr = number, Eps = number } },
            });
        }
    }

    [Fact]
    public void Spec_ComesBackEqual_WithEveryModel()
    {
        foreach (string cell in TestChoices.Cells)
        {
            AssertComesBack(Sound(Sine, $"model.cell={cell}", "model.layers=3", "model.dropout=0.25",
                "model.inputSize=3", "model.outputSize=2",
                TestChoices.Computes("torch", cell) ? "device=cuda:12" : "device=cpu",
                "seed=0", "tbptt={chunkCount: 5}", "train.trainers=2",
                "train.wire=bfloat16"));
        }

        AssertComesBack(Sound(Bytes, "model.embedding.vocabulary=65", "model.inputSize=4", "device=cpu"));
    }

    [Theory]
    [InlineData("float32", false)]
    [InlineData("tf32", true)]
    [InlineData("bfloat16", true)]
    public void Precision_IsWritten_WhereItIsNotTheDefault(string precision, bool isWritten)
    {
        var spec = Sound(Sine, $"train.precision={precision}");

        AssertComesBack(spec);
        Assert.Equal(isWritten, SpecWriter.ToYaml(spec).Contains($"  precision: {precision}\n", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("0.25", "dropout: 0.25")]
    [InlineData("{between: 0.25}", "dropout: 0.25")]
    [InlineData("{}", "dropout: 0")]
    [InlineData("{locked: true, input: 0.5}", "dropout:\n    locked: true\n    input: 0.5")]
    [InlineData("{between: 0.1, embedding: 0.2, output: 0.3, weight: 0.4, zoneout: 0.5, zoneoutCell: 0.6}", "zoneoutCell: 0.6")]
    public void Spec_ComesBackEqual_WithEveryDropout(string dropout, string written)
    {
        var spec = Sound(Sine, "model.layers=2", $"model.dropout={dropout}");

        AssertComesBack(spec);
        Assert.Contains($"  {written}\n", SpecWriter.ToYaml(spec), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("init={input: xavier, recurrent: orthogonal, head: small, forgetBias: 1.5}", "forgetBias: 1.5")]
    [InlineData("tieWeights=true", "tieWeights: true")]
    [InlineData("layerNorm=true", "layerNorm: true")]
    [InlineData("learnInitialState=true", "learnInitialState: true")]
    [InlineData("cell={name: lstm, projectionSize: 3}", "projectionSize: 3")]
    public void Spec_ComesBackEqual_WithEveryChoiceOfAModel(string set, string written)
    {
        var spec = Sound(Bytes, "model.embedding={size: 8, vocabulary: 65}", $"model.{set}");

        AssertComesBack(spec);
        string key = written[..written.IndexOf(':', StringComparison.Ordinal)];
        Assert.Contains(written, SpecWriter.ToYaml(spec), StringComparison.Ordinal);
        Assert.DoesNotContain(key, SpecWriter.ToYaml(Sound(Bytes)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{mode: every, chunks: 1}")]
    [InlineData("{mode: local, chunks: 1}")]
    [InlineData("{mode: local, chunks: 50, outer: {name: nesterov, lr: 1e-3, momentum: 0}}")]
    public void Spec_ComesBackEqual_WithEverySync(string sync) => AssertComesBack(Sound(Sine, $"train.sync={sync}"));

    [Theory]
    [InlineData("{}")]
    [InlineData("{everySteps: 200, everySeconds: 0, keepLast: 1, keepBest: 0}")]
    [InlineData("{everySeconds: 0.25}")]
    public void Spec_ComesBackEqual_WithEveryCheckpoint(string checkpoint) => AssertComesBack(Sound(Sine, $"checkpoint={checkpoint}"));

    [Fact]
    public void Spec_ComesBackEqual_WithThinnedMetrics()
    {
        var thinned = Sound(Sine, "metrics.every=100");

        Assert.Equal(100, thinned.Metrics.Every);
        AssertComesBack(thinned);
        Assert.DoesNotContain("metrics", SpecWriter.ToYaml(Sound(Sine)), StringComparison.Ordinal);
        Assert.EndsWith("metrics.every: found 0, expected a whole number of 1 or more; raise it to 1 or more",
            Problem($"{Sine}\nmetrics: {{every: 0}}"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("auto")]
    [InlineData("fused")]
    [InlineData("torch")]
    public void Spec_ComesBackEqual_WithEveryEngine(string engine) => AssertComesBack(Sound(Sine, $"engine={engine}"));

    [Fact]
    public void Keys_AreLeftOut_WhenTheyDoNotApply()
    {
        Assert.Equal(
            """
            name: run
            seed: 1
            device: auto
            engine: auto
            model:
              cell: lstm
              hiddenSize: 8
              layers: 1
              embedding:
                size: 4
              dropout: 0
            data:
              source: bytes:/base/texts/**/*.txt
              batchSize: 4
              validationFraction: 0
            tbptt:
              chunkLength: 10
            train:
              trainers: 1
              epochs: 2
              loss: cross_entropy
              wire: float32
              optimizer:
                name: sgd
                lr: 0.5
                momentum: 0
            checkpoint:
              everySeconds: 5
              keepLast: 3
              keepBest: 1

            """,
            SpecWriter.ToYaml(Sound(Bytes)));
    }

    [Fact]
    public void Npy_IsNotWritten_WhenAPathHasAComma()
    {
        RunSpec spec = Sound(Sine.With("  source: npy:a,b"));

        Assert.Throws<ArgumentException>(() =>
            SpecWriter.ToYaml(spec with { Data = spec.Data with { Source = new NpySource { Files = ["/a,b", "/c"] } } }));
    }

    /// <summary>Reads in another directory, under another name, where none of the files is.</summary>
    private static void AssertComesBack(RunSpec spec)
    {
        string yaml = SpecWriter.ToYaml(spec);
        SpecDocument document = SpecLoader.Parse(yaml, "other.yaml", "/elsewhere", filesMustExist: false);
        Assert.True(document.Problems.Count == 0, $"{string.Join('\n', document.Problems)}\n{yaml}");
        Assert.Equal(spec, document.Spec);
    }
}

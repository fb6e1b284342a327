using Orleans.Tbptt.Specs;
using static Orleans.Tbptt.Tests.Specs.SpecFixture;

namespace Orleans.Tbptt.Tests.Specs;

public class SpecCrossCheckTests
{
    [Theory]
    [InlineData("train:", "  trainers: 5",
        "10:3 train.trainers: found 5, more trainers than lanes, expected 4 or less, because data.batchSize is 4; lower it, or "
        + "raise data.batchSize")]
    [InlineData("    lr", "    momentum: 0.9",
        "15:5 train.optimizer.momentum: found momentum with optimizer adam, expected it with optimizer sgd only; remove it")]
    [InlineData("    lr", "    weightDecay: 0",
        "15:5 train.optimizer.weightDecay: found weightDecay with optimizer adam, expected it with optimizer sgd, adamw or " +
        "lion only; remove it")]
    [InlineData("    lr", "    alpha: 0.9",
        "15:5 train.optimizer.alpha: found alpha with optimizer adam, expected it with optimizer rmsprop only; remove it")]
    [InlineData("    lr", "    nesterov: true",
        "15:5 train.optimizer.nesterov: found nesterov with optimizer adam, expected it with optimizer sgd only; remove it")]
    [InlineData("  batchSize", "  horizon: 2",
        "7:3 data.horizon: found horizon with source sine, expected it with source {tables} only; remove it")]
    [InlineData("  batchSize", "  exclude: [a]",
        "7:3 data.exclude: found exclude with source sine, expected it with source {globs} only; remove it")]
    [InlineData("  hiddenSize", "  dropout: 0.5",
        "4:3 model.dropout: found 0.5 with 1 layer, expected 2 layers or more, because dropout lies between layers; remove it, or add "
        + "a layer")]
    [InlineData("  hiddenSize", "  dropout: {between: 0.5, output: 0.5}",
        "4:13 model.dropout.between: found 0.5 with 1 layer, expected 2 layers or more, because dropout lies between layers; remove it, or "
        + "add a layer")]
    [InlineData("  hiddenSize", "  dropout: {weight: 0.5}\n  cell: mingru",
        "4:13 model.dropout.weight: found 0.5 with cell mingru, expected a cell with weight_hh, because that is what is dropped; remove "
        + "it, or choose another cell")]
    [InlineData("  hiddenSize", "  dropout: {zoneout: 0.5}\n  cell: slstm",
        "4:13 model.dropout.zoneout: found it with cell slstm, expected a cell of h alone or of h and c, because c, n and m have to change "
        + "together; remove it, or choose another cell")]
    [InlineData("  hiddenSize", "  dropout: {zoneoutCell: 0.5}\n  cell: gru",
        "4:13 model.dropout.zoneoutCell: found 0.5 with cell gru, expected a cell that keeps a c; remove it, or choose lstm")]
    [InlineData("  hiddenSize", "  dropout: {locked: true}",
        "4:13 model.dropout.locked: found true where neither between, input nor output is dropped, expected one of them; remove it, or "
        + "add one of them")]
    [InlineData("  hiddenSize", "  dropout: {weight: 0.5}\nengine: torch",
        "4:13 model.dropout.weight: found it with engine torch, expected other kinds of dropout: libtorch runs a layer's time steps as a "
        + "whole, with whole weights; remove it, or write engine: fused and device: cpu")]
    [InlineData("  hiddenSize", "  residual: true",
        "4:3 model.residual: found true with 1 layer, expected 2 layers or more, because the first one's inputs are not added; remove it, "
        + "or add a layer")]
    [InlineData("  hiddenSize", "  learnInitialState: true\n  cell: slstm",
        "4:3 model.learnInitialState: found true with cell slstm, expected a cell of h alone or of h and c, because n and m of slstm scale "
        + "the others, and are no values of their own; remove it, or choose another cell")]
    [InlineData("  hiddenSize", "  cell: {name: lstm, projectionSize: 500}",
        "4:22 model.cell.projectionSize: found 500 with hiddenSize 8, expected less than hiddenSize, because a projection shortens h; "
        + "lower it, or remove it")]
    [InlineData("  hiddenSize", "  tieWeights: true",
        "4:3 model.tieWeights: found true without an embedding of tokens, expected model.embedding, whose weight is the head's; remove it")]
    [InlineData("  hiddenSize", "  cell: gru\n  init: {forgetBias: 1}",
        "5:10 model.init.forgetBias: found it with cell gru, expected a cell with a forget gate; remove it")]
    [InlineData("  hiddenSize", "  init: {recurrent: orthogonal}\n  cell: mingru",
        "4:10 model.init.recurrent: found it with cell mingru, expected a cell with weight_hh; remove it")]
    [InlineData("  hiddenSize", "  dropout: {zoneoutCell: 0.5}\nengine: torch",
        "4:13 model.dropout.zoneoutCell: found it with engine torch, expected other kinds of dropout: libtorch runs a layer's time steps "
        + "as a whole, with whole weights; remove it, or write engine: fused and device: cpu")]
    [InlineData("  hiddenSize", "  embedding: {size: 4}",
        "4:3 model.embedding: found an embedding with source sine, expected none, because the inputs are values; remove it; " +
        "bytes, texts and arrays of whole numbers have tokens")]
    [InlineData("  chunkLength", "  chunkCount: 2",
        "9:3 tbptt.chunkCount: found chunkCount together with chunkLength, expected exactly one of chunkLength and chunkCount; " +
        "remove one of the two")]
    [InlineData("  loss", "  sync: {chunks: 4}",
        "12:10 train.sync.chunks: found 4 with mode every, expected 1, because in mode every each chunk is a step of all trainers "
        + "together; remove it, or write mode: local")]
    [InlineData("  loss", "  sync: {mode: every, outer: {lr: 1}}",
        "12:23 train.sync.outer: found outer with mode every, expected it with mode local only; remove it")]
    [InlineData("  loss", "  sync: {mode: local}",
        "12:3 train.sync.chunks: found nothing, expected a whole number from 1 to 100000; add chunks")]
    [InlineData("  loss", "  sync: {mode: local, chunks: 0}",
        "12:23 train.sync.chunks: found 0, expected a whole number from 1 to 100000; raise it to 1 or more")]
    [InlineData("  loss", "  sync: {mode: locale, chunks: 5}",
        "12:10 train.sync.mode: found locale, expected every or local; did you mean local?")]
    [InlineData("  loss", "  sync: {mode: local, chunks: 5, outer: {lr: 0}}",
        "12:42 train.sync.outer.lr: found 0, expected a number greater than 0 and at most 1e30; raise it above 0")]
    [InlineData("  loss", "  sync: {mode: local, chunks: 5, outer: {momentum: 1}}",
        "12:42 train.sync.outer.momentum: found 1, expected a number in [0, 1); lower it below 1")]
    [InlineData("  loss", "  sync: {mode: local, chunks: 5, outer: {name: adam}}",
        "12:42 train.sync.outer.name: found adam, expected nesterov; choose one of them")]
    [InlineData("  loss", "  sync: {mode: local, chunks: 5, outer: {nesterov: true}}",
        "12:42 train.sync.outer.nesterov: found an unknown key, expected name, lr or momentum; remove it, or correct its spelling")]
    public void Key_IsRefused_WhenItDoesNotFitTheSineSpec(string after, string line, string problem) =>
        Assert.Equal($"run.yaml:{SourceWords.Fill(problem)}", Problem(Sine.After(after, line)));

    [Theory]
    [InlineData("  batchSize", "  shuffle: true",
        "6:3 data.shuffle: found true with source bytes, expected false, because the source is one stream in the order of time; remove it")]
    [InlineData("  batchSize", "  sequences: 5",
        "6:3 data.sequences: found sequences with source bytes, expected it with source average or sine only; remove it")]
    [InlineData("  batchSize", "  inputs: [a]",
        "6:3 data.inputs: found inputs with source bytes, expected it with source {tables} only; remove it")]
    [InlineData("  hiddenSize", "  inputSize: 3", "3:3 model.inputSize: found 3, expected 4, the size of the embedding; remove inputSize")]
    public void Key_IsRefused_WhenItDoesNotFitTheBytesSpec(string after, string line, string problem)
    {
        // The added line moves those below the model down by one.
        string shifted = after == "  hiddenSize" ? problem : problem.Replace("6:3", "7:3", StringComparison.Ordinal);

        Assert.Equal($"run.yaml:{SourceWords.Fill(shifted)}", Problem(Bytes.After(after, line)));
    }

    /// <summary>An engine left open is the fused one, and takes CPUs for what it does not compute on GPUs.</summary>
    [Fact]
    public void DeviceLeftOpen_MeansTheCpu_ForAGradientThatTheEngineOfGpusDoesNotCompute()
    {
        string text = Sine.After("  chunkLength", "  backprop: full");

        Assert.Equal(DeviceName.Auto, Sound(Sine).ComputesOn);
        foreach (string engine in (string[])["engine: auto\n", "engine: fused\n"])
        {
            Assert.Equal(DeviceName.Cpu, Sound(engine + text).ComputesOn);
            Assert.Contains("with device cuda:0", Problem($"{engine}device: cuda:0\n{text}"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void EveryKindOfDropout_IsRefusedByItself_WhereLibtorchDoesNotHaveIt()
    {
        var keys = Problems($"engine: torch\n{Sine.After("  hiddenSize", "  dropout: {weight: 0.1, zoneout: 0.1, zoneoutCell: 0.1}")}")
            .Select(problem => problem.Split(' ')[1]);

        Assert.Equal(["model.dropout.weight:", "model.dropout.zoneout:", "model.dropout.zoneoutCell:"], keys);
    }

    [Theory]
    [InlineData("bfloat16")]
    public void Bfloat16_IsRefused_WithLocalSteps(string wire) => Assert.EndsWith(
        $"train.wire: found {wire} with sync.mode local, expected float32, because what local steps add up to is too fine for it; " +
        "remove it, or write mode: every",
        Problem(Sine.After("train:", $"  wire: {wire}\n  sync: {{mode: local, chunks: 4}}")), StringComparison.Ordinal);

    [Theory]
    [InlineData("engine: torch", "tf32",
        "train.precision: found tf32 with engine torch, expected float32, because only auto or fused computes products by tensor cores; "
            + "remove it, or write engine: fused")]
    [InlineData("device: cpu", "bfloat16",
        "train.precision: found bfloat16 with device cpu, expected float32, because CPUs have no tensor cores; remove it, or write device: "
            + "auto, which then takes silos with GPUs")]
    [InlineData("audit: {every: 3}", "tf32",
        "audit: found an audit with train.precision tf32, expected precision float32, because tensor cores of another compute capability "
            + "may give other bits; remove it, or write precision: float32")]
    public void Precision_IsRefused_WhereNoTensorCoresAre_AndWithAudits(string key, string precision, string expected) => Assert.EndsWith(
        expected, Problem($"{key}\n{Sine.After("train:", $"  precision: {precision}")}"), StringComparison.Ordinal);

    /// <summary>What GPU kernels do not compute goes to no CPU.</summary>
    [Fact]
    public void Precision_IsRefused_WithWhatOnlyCpusCompute() => Assert.Equal(
        [
            "train.threads: found 2 with train.precision tf32, expected 1, because threads are of a processor; remove it, or write "
                + "precision: float32 and device: cpu",
            "tbptt.backprop: found full with train.precision tf32, expected chunk, because its GPU kernels run no steps in pieces; change "
                + "it, or write precision: float32 and device: cpu",
        ],
        Problems(Sine.After("train:", "  precision: tf32\n  threads: 2").After("  chunkLength", "  backprop: full"))
            .Select(problem => problem[(problem.IndexOf(' ', StringComparison.Ordinal) + 1)..]).Order(StringComparer.Ordinal).Reverse());

    [Theory]
    [InlineData("auto")]
    [InlineData("cuda:1")]
    public void Precision_LeavesTheDeviceToSilosWithGpus(string device)
    {
        var spec = Sound(Sine, "train.precision=tf32", $"device={device}");

        Assert.Equal((true, false, device), (spec.Train.UsesTensorCores, spec.IsSameEverywhere, spec.ComputesOn.Text));
    }

    [Fact]
    public void Sgd_RefusesWhatTheAdamsHave_WhenGiven()
    {
        string text = Bytes.With("  optimizer: {name: sgd, lr: 1, momentum: 0.9, betas: [0, 0], eps: 1}");

        Assert.Equal(
            [
                "run.yaml:11:48 train.optimizer.betas: found betas with optimizer sgd, expected it with optimizer adam, adamw, nadam, " +
                "radam or lion only; remove it",
                "run.yaml:11:63 train.optimizer.eps: found eps with optimizer sgd, expected it with optimizer adam, adamw, rmsprop, " +
                "adagrad, nadam or radam only; remove it",
            ],
            Problems(text));
    }

    [Fact]
    public void Loss_IsRefused_WhenItDoesNotFitTheTargets()
    {
        Assert.Equal(
            "run.yaml:11:3 train.loss: found cross_entropy with source sine, expected mse, mae, huber, quantile, gaussian, student_t, " +
            "negative_binomial, binary_cross_entropy or esr, because the targets are values; choose one of them",
            Problem(Sine.With("  loss: cross_entropy")));
        Assert.Equal(
            "run.yaml:10:3 train.loss: found mse with source bytes, expected cross_entropy, because the targets are classes; write " +
            "cross_entropy",
            Problem(Bytes.With("  loss: mse")));
        Sound(Sine.With("  source: npy:a,b").With("  loss: cross_entropy"));
        Sound(Sine.With("  source: npy:a,b"));
    }

    [Fact]
    public void Bytes_NeedAnEmbedding_WhenThereIsNone() =>
        Assert.Equal(
            "run.yaml:1:1 model.embedding: found nothing, expected an embedding, because the inputs of source bytes are tokens; add " +
            "embedding: {size: 64} to model",
            Problem(Bytes.Replace("  embedding: {size: 4}\n", "", StringComparison.Ordinal)));

    [Fact]
    public void Average_NeedsAnEvenInputSize_WhenGiven()
    {
        string average = Sine.With("  source: average");

        Assert.Equal(
            "run.yaml:4:3 model.inputSize: found 5, expected an even number, for source average adds two halves; write 6",
            Problem(average.After("  hiddenSize", "  inputSize: 5")));
        Assert.Equal(6, Sound(average.After("  hiddenSize", "  inputSize: 6")).Model.InputSize);
        Sound(Sine.After("  hiddenSize", "  inputSize: 5"));
    }

    [Theory]
    [InlineData(5)]
    [InlineData(1)]
    public void Trainers_AreRefused_WhereTheRunScalesItselfBetweenOtherNumbers(int trainers)
    {
        string text = Sine.After("  loss", "  shards: 8\n  autoscale: {min: 2, max: 4}").After("  batchSize", "  sequences: 20")
            .Replace("batchSize: 4", "batchSize: 8", StringComparison.Ordinal).Replace("trainers: 2", "", StringComparison.Ordinal);

        Assert.Equal(2, Sound(text).Train.Trainers);
        Assert.Equal(3, Sound(text.After("  loss", "  trainers: 3")).Train.Trainers);
        Assert.Contains(
            $"train.trainers: found {trainers} with train.autoscale, expected 2 to 4, because the run scales itself between them; change "
            + "it, or remove it to begin with 2",
            string.Join('\n', Problems(text.After("  loss", $"  trainers: {trainers}"))), StringComparison.Ordinal);
    }

    [Fact]
    public void ChunkCount_IsAtMostTheSequenceLength_WhenThatIsKnown()
    {
        string text = Sine.Replace("chunkLength: 10", "chunkCount: 7", StringComparison.Ordinal);

        Sound(text.After("  batchSize", "  sequenceLength: 7"));
        Assert.Equal(
            "run.yaml:9:3 tbptt.chunkCount: found 7, more chunks than time steps, expected 6 or less, because "
            + "data.sequenceLength is 6; lower it",
            Problem(text.After("  batchSize", "  sequenceLength: 6")));
    }

    [Theory]
    [InlineData("10000", "at least 400,130,001")]
    [InlineData("30000", "at least 3,600,390,001")]
    [InlineData("2147483647", "at least 18,446,744,084,446,969,848")]
    public void Model_IsRefused_WhenTooLarge(string size, string parameters) =>
        Assert.Equal(
            $"run.yaml:3:3 model.hiddenSize: found {size}, which makes a model of {parameters} parameters, "
            + "expected a model of 250,000,000 parameters or less; lower hiddenSize, layers or the other sizes",
            Problem(Sine.With($"  hiddenSize: {size}")));

    [Fact]
    public void Sequences_AreRefused_WhenTheirValuesCannotBeCounted()
    {
        string text = Sine.With("  source: average").After("  batchSize", "  sequences: 100000000\n  sequenceLength: 1000000000");

        Sound(text);
        Assert.Equal(
            "run.yaml:7:3 data.sequences: found 100000000 of 1000000000 time steps of 100 values, expected at most 9223372036854775807 " +
            "values in all; "
            + "lower it, sequenceLength or model.inputSize",
            Problem(text, "model.inputSize=100"));
    }

    [Fact]
    public void Trainers_MayBeAsManyAsLanes_ButNoMore() =>
        Assert.Equal(4, Sound(Sine.After("train:", "  trainers: 4")).Train.Trainers);

    [Fact]
    public void Check_IsPassedOver_WhenASectionIsBad() =>
        Assert.StartsWith("--set data=3 data: found 3", Problem(Sine, "train.trainers=4", "data=3"), StringComparison.Ordinal);

    [Fact]
    public void Check_IsPassedOver_WhenItsOperandsAreBad()
    {
        Assert.StartsWith("run.yaml:6:3 data.batchSize", Problem(Sine.With("  batchSize: x").After("train:", "  trainers: 50")),
            StringComparison.Ordinal);
        Assert.StartsWith("run.yaml:5:3 data.source",
            Problem(Sine.With("  source: x").With("  loss: cross_entropy").After("  batchSize", "  horizon: 2")), StringComparison.Ordinal);
        Assert.StartsWith("run.yaml:13:5 train.optimizer.name", Problem(Sine.With("    name: x").After("    lr", "    momentum: 0.9")),
            StringComparison.Ordinal);
    }
}

using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Describing;
using Orleans.Tbptt.Specs.Keys;
using Orleans.Tbptt.Specs.Reading;
using Orleans.Tbptt.Specs.Schedules;
using Orleans.Tbptt.Specs.Writing;
using Orleans.Tbptt.Training;
using static Orleans.Tbptt.Tests.Specs.SpecFixture;

namespace Orleans.Tbptt.Tests.Specs;

/// <summary>Choices with keys of their own: how they are read, refused and written.</summary>
public class ChoiceTests
{
    private static readonly IReadOnlyList<Choice>[] Lists =
        [SpecLoader.Choices.Cells, SpecLoader.Choices.Losses, SpecLoader.Choices.Optimizers, SpecLoader.Choices.Engines,
            LearningRateSchedules.All];

    [Fact]
    public void Words_AreDifferent_AndDocumented()
    {
        Assert.All(Lists, list => Assert.Equal(list.Count, list.Select(choice => choice.Word).Distinct().Count()));
        Assert.All(Lists.SelectMany(list => list), choice => Assert.NotEmpty(choice.About));
    }

    [Fact]
    public void Numbers_AreThoseOfTheChoice_ByTheirKeys() => Assert.Equal(
        [("steps", 9), ("minLr", 0.5), ("warmup", 2)],
        ChoiceKeys.Numbers(new CosineSchedule { Steps = 9, MinLr = 0.5, Warmup = 2 }).Select(key => (key.Key, key.Value)));

    [Theory]
    [InlineData("constant")]
    [InlineData("{warmup: 0}")]
    [InlineData("{name: constant}")]
    public void Word_IsEnough_WhereNoKeyIsRequired(string schedule) =>
        Assert.Equal(LearningRateSchedules.All[0], Sound(Sine, $"train.schedule={schedule}").Train.Schedule);

    [Theory]
    [InlineData("constant")]
    [InlineData("{warmup: 3}")]
    [InlineData("{name: linear, steps: 10, start: 0.5, end: 0.25, warmup: 7}")]
    [InlineData("{name: cosine, steps: 10, minLr: 1e-6}")]
    [InlineData("{name: step, every: 3, gamma: 0.5}")]
    [InlineData("{name: exponential, gamma: 0.5}")]
    [InlineData("{name: oneCycle, steps: 10, pctStart: 0.25, divFactor: 5, finalDivFactor: 50}")]
    public void Schedule_ComesBackEqual_FromWhatIsWritten(string schedule)
    {
        RunSpec spec = Sound(Sine, $"train.schedule={schedule}");

        Assert.Equal(spec, SpecLoader.Parse(SpecWriter.ToYaml(spec), "other.yaml", "/", filesMustExist: false).Spec);
    }

    [Theory]
    [InlineData("cosine", "train.schedule.steps: found nothing, expected a whole number of 1 or more; add steps")]
    [InlineData("cosin",
        "train.schedule: found cosin, expected constant, linear, cosine, step, exponential, oneCycle or reduceOnPlateau; "
            + "did you mean cosine?")]
    [InlineData("[cosine]",
        "train.schedule: found a list, expected constant, linear, cosine, step, exponential, oneCycle or reduceOnPlateau; "
            + "choose one of them")]
    [InlineData("{name: cosine, steps: 0}", "train.schedule.steps: found 0, expected a whole number of 1 or more; raise it to 1 or more")]
    [InlineData("{name: oneCycle, steps: 1}", "train.schedule.steps: found 1, expected a whole number of 2 or more; raise it to 2 or more")]
    [InlineData("{name: cosine, steps: 5, gamma: 0.5}",
        "train.schedule.gamma: found gamma with schedule cosine, expected it with schedule step or exponential only; remove it")]
    [InlineData("{steps: 5}",
        "train.schedule.steps: found steps with schedule constant, expected it with schedule linear, cosine or oneCycle only; remove it")]
    [InlineData("{name: cosine, stebs: 5, steps: 5}",
        "train.schedule.stebs: found an unknown key, expected name, steps, minLr or warmup; did you mean steps?")]
    [InlineData("{name: exponential, gamma: 1.5}",
        "train.schedule.gamma: found 1.5, expected a number greater than 0 and at most 1; lower it to 1 or less")]
    public void Schedule_IsRefused_WithWhatWasExpected(string schedule, string problem) =>
        Assert.Equal($"--set train.schedule={schedule} {problem}", Problem(Sine, $"train.schedule={schedule}"));

    /// <summary>Nobody knows which was meant: what any of them has is looked at, and each mistake reported once.</summary>
    [Fact]
    public void Keys_AreReadOnceEach_WhereTheWordIsUnknown() => Assert.Equal(
        ["train.schedule.name", "train.schedule.steps", "train.schedule.gamma"],
        Read(Sine, "train.schedule={name: x, steps: y, gamma: z, warmup: 1}").Problems.Select(problem => problem.Key));

    [Fact]
    public void Loss_MayBeASection_AndIsWrittenAsAWord()
    {
        RunSpec spec = Sound(Sine.With("  loss: {name: mse}"));

        Assert.Equal(Sound(Sine), spec);
        Assert.Contains("\n  loss: mse\n", SpecWriter.ToYaml(spec), StringComparison.Ordinal);
        Assert.Equal("run.yaml:11:21 train.loss.delta: found delta with loss mse, expected it with loss huber only; remove it",
            Problem(Sine.With("  loss: {name: mse, delta: 1}")));
        Assert.Equal("run.yaml:11:21 train.loss.gamma: found an unknown key, expected name; remove it, or correct its spelling",
            Problem(Sine.With("  loss: {name: mse, gamma: 1}")));
    }

    /// <summary>libtorch has no other modules and functions: what has no namesake there is refused where it stands.</summary>
    [Fact]
    public void EveryChoiceOfToday_IsInLibtorch_ButLossesOfSeveralOutputsOfAudioAndOfLabels()
    {
        Assert.Equal(["LSTM", "GRU", "RNN"], SpecLoader.Choices.Cells.Select(cell => cell.TorchModule).OfType<string>());
        Assert.Equal(
            ["quantile", "gaussian", "student_t", "negative_binomial", "esr", "ctc"],
            SpecLoader.Choices.Losses.Where(loss => loss.TorchFunction is null).Select(loss => loss.Word));
    }

    [Theory]
    [InlineData("engine=torch", "with engine torch, expected 1, because libtorch's sums depend on the number of threads")]
    [InlineData("device=cuda:0", "with device cuda:0, expected 1, because threads are of a processor")]
    public void SeveralThreads_AreRefused_WhereTheyWouldComputeNothing(string set, string problem)
    {
        Assert.StartsWith(
            $"--set train.threads=2 train.threads: found 2 {problem}", Problem(Sine, "train.threads=2", set), StringComparison.Ordinal);
        Assert.Equal(DeviceName.Cpu, Sound(Sine, "train.threads=2").ComputesOn);
    }

    [Fact]
    public void ChoiceThatLibtorchLacks_IsRefused_WhereLibtorchComputes()
    {
        var reader = new SpecReader(SpecLoader.Choices with { Cells = [new OwnCell()], Losses = [new OwnLoss()] });
        var text = new SpecText(Sine.After("  hiddenSize", "  cell: own").With("  loss: own"), "run.yaml", "/");

        Assert.Equal(
            [
                "run.yaml:4:3 model.cell: found own with engine auto, expected a cell that the fused engine computes; choose another " +
                "one, or write engine: torch",
                "run.yaml:12:3 train.loss: found own with engine auto, expected a loss that the fused engine computes; choose another " +
                "one, or write engine: torch",
            ],
            reader.Parse(text).Problems.Select(problem => problem.ToString()));
        Assert.Equal(
            [
                $"run.yaml:4:3 model.cell: found own with engine torch, expected a cell that libtorch has; choose another one, or write " +
                "engine: fused and device: cpu",
                $"run.yaml:12:3 train.loss: found own with engine torch, expected a loss that libtorch has; choose another one, or write " +
                "engine: fused and device: cpu",
            ],
            reader.Parse(text with { Sets = ["engine=torch"] }).Problems.Select(problem => problem.ToString()));
    }

    [Fact]
    public void EngineOfGpusAlone_IsRefusedOnACpu_AndLeavesTheDeviceOpen()
    {
        var reader = new SpecReader(SpecLoader.Choices with { Engines = [.. SpecLoader.Choices.Engines, new OwnEngine()] });
        var text = new SpecText(Sine, "run.yaml", "/") { Sets = ["engine=own"] };

        var spec = reader.Parse(text).Spec!;

        Assert.Equal((new OwnEngine(), DeviceName.Auto), (spec.Engine, spec.ComputesOn));
        Assert.Contains("engine: own\n", SpecWriter.ToYaml(spec), StringComparison.Ordinal);
        Assert.Equal(
            "--set engine=own engine: found own with device cpu, expected auto, fused or torch, because own computes on GPUs; change it, " +
            "or set device to cuda",
            Assert.Single(reader.Parse(text with { Sets = ["engine=own", "device=cpu"] }).Problems).ToString());
        Assert.Equal("--set data.shuffle=false data.shuffle: found nothing, expected true; write it",
            Assert.Single(reader.Parse(text with { Sets = ["engine=own", "device=cuda:1", "data.shuffle=false"] }).Problems).ToString());
    }

    [Fact]
    public void UnknownValue_IsNotTakenForAKnownOne()
    {
        var train = Sound(Sine).Train;

        Assert.Throws<InvalidOperationException>(() => _ = (train with { Wire = (WireKind)9 }).IsNarrow);
        Assert.Throws<InvalidOperationException>(() => _ = (train with { Precision = (PrecisionKind)9 }).UsesTensorCores);
        Assert.Throws<InvalidOperationException>(() => _ = (train with { Sync = new() { Mode = (SyncMode)9 } }).IsLocal);
    }

    private sealed record OwnEngine : EngineSpec
    {
        public override string Word => "own";

        public override string About => "an engine that nobody has";

        public override IReadOnlyList<DeviceKind> Devices => [DeviceKind.Cuda];

        public override void Check(RunSpec spec, Findings findings)
        {
            if (findings.Sound("data.shuffle") && spec.Device == new DeviceName("cuda:1"))
                findings.Report("data.shuffle", "nothing", "true", "write it");
        }
    }

    private sealed record OwnCell : CellSpec
    {
        public override string Word => "own";

        public override string About => "a cell that nobody has";

        public override int Gates => 1;
    }

    private sealed record OwnLoss : LossSpec
    {
        public override string Word => "own";

        public override string About => "a loss that nobody has";

        public override bool OfClasses => false;

        public override IReadOnlyList<LossSpec> Others => [this];
    }
}

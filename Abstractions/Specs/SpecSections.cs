using Orleans.Tbptt.Specs.Keys;
using Orleans.Tbptt.Specs.Schedules;

namespace Orleans.Tbptt.Specs;

/// <summary>Every key of a spec once, in the order in which specs are written; those of choices stand with the choices.</summary>
internal sealed partial class SpecSections(SpecChoices choices)
{
    // The plan of an epoch has a list for each lane.
    private const int MaxLanes = 1_000_000;

    // The steps of a round are published, and held in messages, all at once.
    private const int MaxChunks = 100_000;

    /// <summary>For writing, which looks at no list.</summary>
    public static SpecSections Writing { get; } = new(new([], [], [], [], []));

    /// <summary>A spec with the defaults of all keys that have one; the others count for nothing.</summary>
    public RunSpec Blank(string name) => new()
    {
        Name = name,
        Engine = choices.Engines[0],
        Model = new() { Cell = choices.Cells[0], HiddenSize = 1 },
        Data = new() { Source = choices.Sources[0], BatchSize = 1 },
        Tbptt = new(),
        Train = new() { Epochs = 1, Loss = choices.Losses[0], Optimizer = choices.Optimizers[0] },
    };

    /// <summary>Passes every key to a walk.</summary>
    public RunSpec Walk(SpecWalk walk, RunSpec spec) => spec with
    {
        Name = walk.Text("name", spec.Name, $"1 to {TextForms.MaxNameLength} characters; part of the run's id", TextForms.Name),
        Seed = walk.Whole("seed", spec.Seed, "of initial weights, shuffles, dropout, synthetic data", min: 0),
        Device = walk.Text("device", spec.Device, "`auto` (the silo's choice), `cpu` or `cuda:N`", TextForms.Device),
        Engine = walk.Choice("engine", spec.Engine, "what computes", choices.Engines),
        Model = walk.Section(
            "model", spec.Model, "the network", "hiddenSize", (own, model) => ModelSection.Walk(own, model, choices.Cells)),
        Data = walk.Section("data", spec.Data, "the sequences", "source and batchSize", Data),
        Tbptt = walk.Section("tbptt", spec.Tbptt, "how sequences are cut into chunks: one of two keys", "chunkLength or chunkCount", Tbptt),
        Train = walk.Section("train", spec.Train, "how the network is trained", "epochs, loss and optimizer", Train),
        Extends = walk.OptionalSection(
            "extends", spec.Extends,
            "the end of another run, the parent, which this one continues on data that grew ([extend.md](extend.md))",
            "checkpoint, replay, scaling or follow", new ExtendsSpec { Checkpoint = "" }, Extends),
        Limits = walk.OptionalSection(
            "limits", spec.Limits,
            "where the run is stopped, with a checkpoint and a model, to continue when it is resumed with greater ones ([below](#ends)); "
                + "has no part in the result of a step",
            "duration, steps or epochs", new LimitsSpec(), Limits),
        Audit = walk.OptionalSection(
            "audit", spec.Audit,
            "one step in so many is computed again on another silo, and compared ([cli.md](cli.md#audits)); has no part in the result",
            "every", new AuditSpec { Every = 1 }, Audit),
        Speculate = walk.Word(
            "speculate", spec.Speculate,
            "what becomes of the tickets of a silo that takes three times as long as a step does, and over 0.2 s "
                + "([protocol.md](protocol.md#speculation)); not with `sync.mode: local`. Has no part in the result",
            SpecWords.Speculations, isWritten: spec.Speculate != SpeculationKind.Auto),
        Checkpoint = walk.OptionalSection(
            "checkpoint", spec.Checkpoint, "when the run's state is saved; has no part in the result",
            "everySteps, everySeconds, keepLast or keepBest",
            new CheckpointSpec(), Checkpoint)!,
        Metrics = walk.OptionalSection(
            "metrics", spec.Metrics, "which events are kept; has no part in the result", "every, gradientLag or stateHash",
            new MetricsSpec(), Metrics,
            isWritten: spec.Metrics != new MetricsSpec())!,
    };

    private const string HeldOutKeys = "source, fraction, row or from";

    private DataSpec Data(SpecWalk walk, DataSpec data)
    {
        SourceSpec source = walk.Paths("source", data.Source, "where the sequences come from ([below](#sources))", choices.Sources);
        return data with
        {
            BatchSize = walk.Count(
                "batchSize", data.BatchSize, "lanes of the whole run; of independent sequences no more than there are to train on",
                max: MaxLanes, required: true),
            Shuffle = walk.Flag("shuffle", data.Shuffle, "a new order of sequences each epoch; not for streams",
                isWritten: !source.IsStream),
            ValidationFraction = walk.Number(
                "validationFraction", data.ValidationFraction, "held out from the end: of the sequences, or of a stream's time",
                NumberRange.Share),
            Validation = walk.OptionalSection(
                "validation", data.Validation,
                "what is held out, where it is not a share, and evaluated after every epoch ([below](#held-out-data))", HeldOutKeys,
                new HeldOutSpec(), HeldOut),
            Test = walk.OptionalSection(
                "test", data.Test, "what is held out and evaluated once, at the end of the run ([below](#held-out-data))", HeldOutKeys,
                new HeldOutSpec(), HeldOut),
            Source = walk.Own("source", source, choices.Sources),
        };
    }

    private HeldOutSpec HeldOut(SpecWalk walk, HeldOutSpec held) => held with
    {
        Source = walk.Text(
            "source", held.Source, "files of their own, of the same kind as `data.source`, with its keys",
            TextForms.OtherSource(choices.Sources)),
        Fraction = walk.OptionalNumber(
            "fraction", held.Fraction, "a share, held out from the end: of the sequences, or of a stream's time", NumberRange.Share,
            "none"),
        Row = walk.OptionalCount(
            "row", held.Row, "of one long stream: the first row (byte, time step) that is held out, from 1", "none"),
        From = walk.Text(
            "from", held.From,
            "of a table with `time`: the first time that is held out, of each series, such as `2016-01-01`, or a "
                + "number where times are numbers",
            new TextForm<string?>("a time or a number", (text, _) => text, text => text, "none", MayBeNumber: true)),
    };

    private static TbpttSpec Tbptt(SpecWalk walk, TbpttSpec tbptt) => Lengths(walk, tbptt) with
    {
        ChunkCount = walk.OptionalCount("chunkCount", tbptt.ChunkCount, "chunks of a sequence, as `torch.tensor_split` cuts", "none"),
        BurnIn = walk.Count(
            "burnIn", tbptt.BurnIn, "first time steps of each training sequence that only warm up the hidden state: no part of the loss",
            min: 0, isWritten: tbptt.BurnIn != 0),
        Backprop = walk.Choice(
            "backprop", tbptt.Backprop, "how far back the gradient of a step reaches ([below](#how-far-gradients-reach))", Backprops.All,
            isWritten: tbptt.Backprop != Backprops.All[0]),
    };

    private static TbpttSpec Lengths(SpecWalk walk, TbpttSpec tbptt)
    {
        var drawn = tbptt.RandomLength is { } random ? new DrawnLength(tbptt.ChunkLength!.Value, random) : null;
        (int? length, drawn) = walk.CountOrSection(
            "chunkLength", tbptt.ChunkLength, drawn,
            "time steps of a chunk, the last one of a sequence is shorter; or `{random: {base: 70}}`: drawn for each step "
                + "([below](#chunks-of-random-lengths))",
            "none", new DrawnLength(1, new()), Drawn);
        return tbptt with { ChunkLength = drawn?.Base ?? length, RandomLength = drawn?.Random };
    }

    private static DrawnLength Drawn(SpecWalk walk, DrawnLength length) => walk.Section(
        "random", length, "drawn for each step", "base", static (own, drawn) => new(
            own.Count("base", drawn.Base, "the mean length; that of what is held out", min: RandomLengthSpec.Least,
                required: true),
            new()
            {
                Deviation = own.Number(
                    "deviation", drawn.Random.Deviation, "the standard deviation of the lengths", NumberRange.NotNegative),
                HalfProbability = own.Number(
                    "halfProbability", drawn.Random.HalfProbability, "the probability of half the mean instead", NumberRange.Unit),
            }));

    private sealed record DrawnLength(int Base, RandomLengthSpec Random);

    private TrainSpec Train(SpecWalk walk, TrainSpec train) => train with
    {
        Trainers = walk.Count(
            "trainers", train.Trainers, "at most `shards`; each works on a contiguous range of them. Their number changes no bit"),
        Shards = walk.OptionalCount(
            "shards", train.Shards,
            "at most `batchSize`: contiguous parts of the lanes, over which gradients are summed in a fixed order, so that the result "
                + "depends on their number",
            "as many as `trainers`, when the run is submitted"),
        Autoscale = walk.OptionalSection(
            "autoscale", train.Autoscale,
            "the run takes free slots and gives them back to runs of higher priority ([cli.md](cli.md#how-many-trainers)); it begins with "
                + "`trainers`, or with fewer where fewer slots are free. Has no part in the result",
            "min or max", new AutoscaleSpec { Max = 1 }, Autoscale),
        Threads = walk.Count(
            "threads", train.Threads,
            "threads that compute each trainer's chunks; a trainer takes as many slots of its silo. Their number changes no bit; not with "
                + "engine torch",
            isWritten: train.Threads != 1),
        Epochs = walk.Count("epochs", train.Epochs, "passes over the training sequences", required: true),
        Loss = walk.Choice("loss", train.Loss, "what is minimised, a mean over all elements", choices.Losses, required: true),
        ClipNorm = walk.OptionalNumber(
            "clipNorm", train.ClipNorm, "the averaged gradient is scaled down to this norm, as `clip_grad_norm_` does",
            NumberRange.Positive, "none"),
        ClipValue = walk.OptionalNumber(
            "clipValue", train.ClipValue,
            "each element of the averaged gradient is limited to ± this, as `clip_grad_value_` does; after `clipNorm` where both are "
                + "there",
            NumberRange.Positive, "none"),
        Wire = walk.Word("wire", train.Wire, "what parameters and gradients are rounded to between silos", SpecWords.Wires),
        Precision = walk.Word(
            "precision", train.Precision,
            "what factors of the large matrix products are rounded to on GPUs ([below](#precision)); sums, parameters and states stay "
                + "float32. Not on CPUs, nor with engine torch",
            SpecWords.Precisions, isWritten: train.Precision != PrecisionKind.Full),
        Optimizer = walk.Choice("optimizer", train.Optimizer, "the update rule, as in `torch.optim`", choices.Optimizers, required: true),
        Schedule = walk.Choice(
            "schedule", train.Schedule, "how the learning rate changes from step to step ([below](#schedules))", LearningRateSchedules.All,
            isWritten: train.Schedule != LearningRateSchedules.All[0]),
        Sync = walk.OptionalSection(
            "sync", train.Sync, "when trainers exchange what they have learned ([below](#rounds-of-local-steps))", "mode, chunks or outer",
            new SyncSpec(), Sync, isWritten: train.IsLocal)!,
        Accumulate = walk.Count(
            "accumulate", train.Accumulate,
            "chunks whose gradients are summed and make one update ([below](#steps-and-updates)); not with `sync.mode: local`",
            isWritten: train.Accumulate != 1),
        Ema = walk.OptionalSection(
            "ema", train.Ema, "an exponential moving average of the parameters after each update ([below](#averages-of-the-parameters))",
            "decay or warmup", new EmaSpec(), Ema),
        Output = walk.Word(
            "output", train.Output, "which parameters the run leaves as its model ([below](#averages-of-the-parameters))",
            SpecWords.Outputs, isWritten: train.Output != OutputKind.Last),
        EarlyStopping = walk.OptionalSection(
            "earlyStopping", train.EarlyStopping,
            "ends the run before its last epoch when the loss (validation's; training's where nothing is held out) falls no further "
                + "([below](#ends)); has no part in the result of a step",
            "patience or minDelta", new EarlyStoppingSpec(), EarlyStopping),
    };

    private static AutoscaleSpec Autoscale(SpecWalk walk, AutoscaleSpec scale) => scale with
    {
        Min = walk.Count("min", scale.Min, "with fewer trainers the run does not begin, and gives no slot back"),
        Max = walk.Count("max", scale.Max, "at most `shards`: with as many trainers the run takes no further slot", required: true),
    };

    private static EmaSpec Ema(SpecWalk walk, EmaSpec ema) => ema with
    {
        Decay = walk.Number("decay", ema.Decay, "share of the former average that is kept", NumberRange.Share),
        Warmup = walk.Flag("warmup", ema.Warmup, "at most (1 + n) / (10 + n) of it is kept after n updates"),
    };

    private static EarlyStoppingSpec EarlyStopping(SpecWalk walk, EarlyStoppingSpec stopping) => stopping with
    {
        Patience = walk.Count(
            "patience", stopping.Patience, "finished epochs in succession without a lower loss, after which the run ends", required: true),
        MinDelta = walk.Number(
            "minDelta", stopping.MinDelta, "a loss counts as lower where it is less than the lowest one so far by more than this",
            NumberRange.NotNegative),
    };

    private static LimitsSpec Limits(SpecWalk walk, LimitsSpec limits) => limits with
    {
        Duration = walk.Text(
            "duration", limits.Duration,
            "time of training, evaluations included: `2h`, `90m`, `1d12h`; which step it ends at is no function of the spec",
            Durations.Optional),
        Steps = walk.OptionalCount("steps", limits.Steps, "steps that the run itself commits", "none"),
        Epochs = walk.OptionalCount("epochs", limits.Epochs, "epochs that the run finishes, with their evaluation", "none"),
    };

    private static SyncSpec Sync(SpecWalk walk, SyncSpec sync)
    {
        SyncSpec read = new() { Mode = walk.Word("mode", sync.Mode, "when the trainers' parameters are made equal", SpecWords.SyncModes) };
        bool local = read.IsLocal;
        int chunks = walk.Count("chunks", sync.Chunks, "steps of a round; required with `local`", max: MaxChunks, required: local);
        var outer = walk.With("mode", Words.For(SpecWords.SyncModes, read.Mode), "local")
            .OptionalSection("outer", sync.Outer, "the outer optimizer", "name, lr or momentum", new OuterOptimizerSpec(), Outer);
        return read with { Chunks = chunks, Outer = outer ?? (local ? new() : null) };
    }

    private static OuterOptimizerSpec Outer(SpecWalk walk, OuterOptimizerSpec outer) => outer with
    {
        Name = walk.Word("name", outer.Name, "the outer optimizer, Nesterov's momentum as `torch.optim.SGD(nesterov=True)`",
            SpecWords.OuterOptimizers),
        Lr = walk.Number("lr", outer.Lr, "the outer learning rate; 1 with momentum 0 takes over the trainers' mean", NumberRange.Rate),
        Momentum = walk.Number("momentum", outer.Momentum, "share of the former update that is kept", NumberRange.Share),
    };
}

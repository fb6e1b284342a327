namespace Orleans.Tbptt.Specs.Reading;

/// <summary>Makes a spec of a tree: one method for each section, every key read once.</summary>
internal sealed class SpecBinder(Findings findings, SpecPaths paths, string fileName)
{
    private const int MaxNameLength = 60;

    // The plan of an epoch has an entry for each sequence and a list for each lane.
    private const int MaxSequences = 100_000_000;
    private const int MaxLanes = 1_000_000;
    private const int MaxSequenceLength = 1_000_000_000;

    /// <summary>Reads the whole spec; what it gives is a spec only if there are no findings.</summary>
    public RunSpec Bind(MapNode root)
    {
        var section = new SectionReader(root, "", findings);
        var spec = new RunSpec
        {
            Name = Name(section),
            Seed = section.Long("seed", min: 0, fallback: 1),
            Device = Device(section),
            Engine = section.Choice("engine", Spelling.Engines, EngineKind.Auto),
            Model = section.Section("model", "hiddenSize", Model),
            Data = section.Section("data", "source and batchSize", Data),
            Tbptt = section.Section("tbptt", "chunkLength or chunkCount", Tbptt),
            Train = section.Section("train", "epochs, loss and optimizer", Train),
            Checkpoint = section.OptionalSection("checkpoint", "everySteps, everySeconds, keepLast or keepBest", Checkpoint) ?? new(),
        };
        section.TellUnknown();
        CrossChecks.Run(spec, findings);
        return spec;
    }

    private string Name(SectionReader root)
    {
        string expected = $"1 to {MaxNameLength} printable characters";
        string name = root.Text("name", expected, DefaultName(fileName));
        int length = name.EnumerateRunes().Count();
        if (length > MaxNameLength)
            root.Tell("name", $"{length} characters", expected, "shorten it");
        return name;
    }

    /// <summary>A file may have any name; what a run's name cannot have becomes a dash.</summary>
    private static string DefaultName(string fileName)
    {
        var runes = Path.GetFileNameWithoutExtension(fileName).EnumerateRunes().Take(MaxNameLength);
        string name = string.Concat(runes.Select(rune => Show.IsPrintable(rune.ToString()) ? rune.ToString() : "-"));
        return string.IsNullOrWhiteSpace(name) ? "run" : name;
    }

    private static DeviceName Device(SectionReader root)
    {
        string text = root.Text("device", DeviceName.Expected, DeviceName.Auto.Text);
        if (!DeviceName.TryParse(text, out DeviceName device))
            root.Tell("device", Show.Clean(text), DeviceName.Expected, "choose one of them");
        return device;
    }

    private ModelSpec Model(SectionReader model) => new()
    {
        Cell = model.Choice("cell", Spelling.Cells, CellKind.Lstm),
        InputSize = model.OptionalInt("inputSize", min: 1),
        HiddenSize = model.Int("hiddenSize", min: 1),
        Layers = model.Int("layers", min: 1, fallback: 1, max: 1000),
        OutputSize = model.OptionalInt("outputSize", min: 1),
        Embedding = model.OptionalSection("embedding", "size", Embedding),
        Dropout = model.Double("dropout", NumberRange.Share, 0),
        InitFrom = InitFrom(model),
    };

    private string? InitFrom(SectionReader model)
    {
        const string Expected = "a safetensors file";
        string path = model.Text("initFrom", Expected, "");
        return path.Length == 0 ? null : paths.File(model, "initFrom", path, Expected);
    }

    private static EmbeddingSpec Embedding(SectionReader embedding) => new()
    {
        Vocabulary = embedding.OptionalInt("vocabulary", min: 1),
        Size = embedding.Int("size", min: 1),
    };

    private DataSpec Data(SectionReader data)
    {
        (SourceKind kind, IReadOnlyList<string> files) = paths.Source(data);
        string? source = findings.Sound("data.source") ? Spelling.Of(Spelling.Sources, kind) : null;
        int batchSize = data.Int("batchSize", min: 1, max: MaxLanes);
        bool shuffle = data.Bool("shuffle", fallback: false);
        double validationFraction = data.Double("validationFraction", NumberRange.Share, 0);
        SectionReader synthetic = data.OnlyWith("source", source, "average", "sine");
        SectionReader csv = data.OnlyWith("source", source, "csv");
        SectionReader bytes = data.OnlyWith("source", source, "bytes");
        return new()
        {
            Source = kind,
            Paths = files,
            BatchSize = batchSize,
            Shuffle = shuffle,
            ValidationFraction = validationFraction,
            Sequences = synthetic.Int("sequences", min: 1, fallback: 300, max: MaxSequences),
            SequenceLength = synthetic.Int("sequenceLength", min: 1, fallback: 100, max: MaxSequenceLength),
            Inputs = csv.Texts("inputs", "column name", mayBeEmpty: false),
            Targets = csv.Texts("targets", "column name", mayBeEmpty: false),
            Horizon = csv.Int("horizon", min: 1, fallback: 1),
            Standardize = csv.Bool("standardize", fallback: true),
            Exclude = [.. bytes.Texts("exclude", "glob", mayBeEmpty: true).Select(glob => paths.Glob(data, "exclude", glob))],
        };
    }

    private TbpttSpec Tbptt(SectionReader tbptt)
    {
        const string Expected = "exactly one of chunkLength and chunkCount";
        var spec = new TbpttSpec
        {
            ChunkLength = tbptt.OptionalInt("chunkLength", min: 1),
            ChunkCount = tbptt.OptionalInt("chunkCount", min: 1),
        };
        if (spec is { ChunkLength: not null, ChunkCount: not null })
            tbptt.Tell("chunkCount", "chunkCount beside chunkLength", Expected, "remove one of the two");
        if (spec is { ChunkLength: null, ChunkCount: null } && findings.Sound("tbptt"))
            findings.Tell("tbptt", "neither chunkLength nor chunkCount", Expected, "add chunkLength");
        return spec;
    }

    private TrainSpec Train(SectionReader train) => new()
    {
        Trainers = train.Int("trainers", min: 1, fallback: 1),
        Epochs = train.Int("epochs", min: 1),
        Loss = train.Choice("loss", Spelling.Losses),
        Optimizer = train.Section("optimizer", "name and lr", Optimizer),
        ClipNorm = train.OptionalDouble("clipNorm", NumberRange.Positive),
        Sync = train.OptionalSection("sync", "mode, chunks or outer", sync => SyncSection.Read(sync, findings)) ?? new(),
        Wire = train.Choice("wire", Spelling.Wires, WireKind.Full),
    };

    private static CheckpointSpec Checkpoint(SectionReader checkpoint) => new()
    {
        EverySteps = checkpoint.OptionalInt("everySteps", min: 1),
        EverySeconds = checkpoint.Double("everySeconds", NumberRange.NotNegative, 5),
        KeepLast = checkpoint.Int("keepLast", min: 1, fallback: 3),
        KeepBest = checkpoint.Int("keepBest", min: 0, fallback: 1),
    };

    private OptimizerSpec Optimizer(SectionReader optimizer)
    {
        OptimizerKind kind = optimizer.Choice("name", Spelling.Optimizers);
        string? name = findings.Sound("train.optimizer.name") ? Spelling.Of(Spelling.Optimizers, kind) : null;
        double lr = optimizer.Double("lr", NumberRange.Rate);
        double momentum = optimizer.OnlyWith("optimizer", name, "sgd").Double("momentum", NumberRange.Share, 0);
        SectionReader adams = optimizer.OnlyWith("optimizer", name, "adam", "adamw");
        (double beta1, double beta2) = adams.Pair("betas", NumberRange.Share, (0.9, 0.999));
        return new()
        {
            Name = kind,
            Lr = lr,
            Momentum = momentum,
            Beta1 = beta1,
            Beta2 = beta2,
            Eps = optimizer.OnlyWith("optimizer", name, "adam", "adamw", "rmsprop").Double("eps", NumberRange.Denominator, 1e-8),
            WeightDecay = optimizer.OnlyWith("optimizer", name, "adamw").Double("weightDecay", NumberRange.NotNegative, 0.01),
            Alpha = optimizer.OnlyWith("optimizer", name, "rmsprop").Double("alpha", NumberRange.Share, 0.99),
        };
    }
}

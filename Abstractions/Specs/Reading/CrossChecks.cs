using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Specs.Reading;

/// <summary>What keys must be to one another. A check is passed over where one of its keys has a mistake already.</summary>
internal static class CrossChecks
{
    public static void Run(RunSpec spec, SpecChoices choices, Findings findings)
    {
        Engine(spec, choices.Engines, findings);
        Tbptt(spec.Tbptt, findings);
        RandomLengthSpec.Check(spec, findings);
        if (findings.Sound("tbptt.backprop"))
            spec.Tbptt.Backprop.Check(spec, findings);
        Trainers(spec, findings);
        Autoscale(spec.Train, findings);
        Sync(spec.Train.Sync, findings);
        if (findings.Sound("train.optimizer"))
            spec.Train.Optimizer.Check(findings);
        Wire(spec.Train, findings);
        Precision(spec, choices.Engines, findings);
        Audit(spec, findings);
        RecipeChecks.Run(spec, findings);
        WholeSequenceChecks.Run(spec, findings);
        ModelChecks.Run(spec.Model, findings);
        if (!findings.Sound("data.source"))
            return;
        Loss(spec, findings);
        if (findings.Sound("train.loss"))
            spec.Train.Loss.Check(spec, findings);
        Embedding(spec, findings);
        Shuffle(spec.Data, findings);
        foreach (var part in Enum.GetValues<HeldOutPart>())
            HeldOut(spec.Data, part, findings);
        Extends(spec, choices.Sources, findings);
        spec.Data.Source.Check(spec, findings);
    }

    private static void Engine(RunSpec spec, IReadOnlyList<EngineSpec> engines, Findings findings)
    {
        var engine = spec.Engine;
        if (!findings.Sound("engine", "device"))
            return;
        if (engine.ComputesOn(spec.Device))
            engine.Check(spec, findings);
        else
        {
            string[] others = [.. engines.Where(other => other.ComputesOn(spec.Device)).Select(other => other.Word)];
            findings.Report("engine", $"{engine.Word} with device {spec.Device}",
                $"{Show.Or(others)}, because {engine.Word} computes on {Show.And([.. engine.Devices.Select(kind => kind.Plural)])}",
                $"change it, or set device to {engine.Devices[0].Word}");
        }
    }

    private static void Tbptt(TbpttSpec tbptt, Findings findings)
    {
        const string Expected = "exactly one of chunkLength and chunkCount";
        if (tbptt is { ChunkLength: not null, ChunkCount: not null })
            findings.Report("tbptt.chunkCount", "chunkCount together with chunkLength", Expected, "remove one of the two");
        if (tbptt is { ChunkLength: null, ChunkCount: null } && findings.Sound("tbptt"))
            findings.Report("tbptt", "neither chunkLength nor chunkCount", Expected, "add chunkLength");
    }

    private static void Trainers(RunSpec spec, Findings findings)
    {
        (int trainers, int lanes) = (spec.Train.Trainers, spec.Data.BatchSize);
        if (spec.Train.Shards is { } shards && findings.Sound("train.shards"))
        {
            if (findings.Sound("data.batchSize") && shards > lanes)
            {
                findings.Report("train.shards", $"{shards}, more shards than lanes",
                    $"{lanes} or less, because data.batchSize is {lanes}", "lower it, or raise data.batchSize");
            }

            if (findings.Sound("train.trainers") && trainers > shards)
            {
                findings.Report("train.trainers", $"{trainers}, more trainers than shards",
                    $"{shards} or less, because train.shards is {shards}", "lower it, or raise train.shards");
            }
        }
        else if (findings.Sound("train.trainers", "data.batchSize") && trainers > lanes)
        {
            findings.Report("train.trainers", $"{trainers}, more trainers than lanes",
                $"{lanes} or less, because data.batchSize is {lanes}", "lower it, or raise data.batchSize");
        }
    }

    private static void Autoscale(TrainSpec train, Findings findings)
    {
        if (train.Autoscale is not { } scale || !findings.Sound("train.autoscale.min", "train.autoscale.max"))
            return;
        if (scale.Min > scale.Max)
        {
            findings.Report("train.autoscale.min", $"{scale.Min}, more than autoscale.max",
                $"{scale.Max} or less, because train.autoscale.max is {scale.Max}", "lower it, or raise train.autoscale.max");
        }

        if (findings.Sound("train.trainers", "train.shards") && scale.Max > train.ShardCount)
        {
            findings.Report("train.autoscale.max", $"{scale.Max}, more trainers than shards",
                $"{train.ShardCount} or less, because the run has {train.ShardCount} {(train.ShardCount == 1 ? "shard" : "shards")}",
                $"write train.shards: {scale.Max}, or lower it");
        }

        if (findings.Sound("train.trainers") && scale.Min <= scale.Max && (train.Trainers < scale.Min || train.Trainers > scale.Max))
        {
            findings.Report("train.trainers", $"{train.Trainers} with train.autoscale",
                $"{scale.Min} to {scale.Max}, because the run scales itself between them", "change it, or remove it to begin with "
                + $"{scale.Min}");
        }
    }

    private static void Sync(SyncSpec sync, Findings findings)
    {
        if (findings.Sound("train.sync.mode", "train.sync.chunks") && sync is { IsLocal: false, Chunks: not 1 })
        {
            findings.Report("train.sync.chunks", $"{sync.Chunks} with mode every",
                "1, because in mode every each chunk is a step of all trainers together", "remove it, or write mode: local");
        }
    }

    private static void Wire(TrainSpec train, Findings findings)
    {
        if (findings.Sound("train.sync.mode", "train.wire") && train is { IsLocal: true, IsNarrow: true })
        {
            findings.Report("train.wire", $"{Words.For(SpecWords.Wires, train.Wire)} with sync.mode local",
                "float32, because what local steps add up to is too fine for it", "remove it, or write mode: every");
        }
    }

    private static void Precision(RunSpec spec, IReadOnlyList<EngineSpec> engines, Findings findings)
    {
        if (!spec.Train.UsesTensorCores || !findings.Sound("train.precision", "engine", "device"))
            return;
        string word = spec.Train.PrecisionWord;
        if (spec.Engine.TensorCoreDevices.Count == 0)
        {
            string[] others = [.. engines.Where(other => other.TensorCoreDevices.Count > 0).Select(other => other.Word)];
            findings.Report("train.precision", $"{word} with engine {spec.Engine.Word}",
                $"float32, because only {Show.Or(others)} computes products by tensor cores", $"remove it, or write engine: {others[^1]}");
        }
        else if (spec.Device.Kind is { } kind && !spec.Engine.TensorCoreDevices.Contains(kind))
        {
            findings.Report("train.precision", $"{word} with device {spec.Device}",
                $"float32, because {kind.Plural} have no tensor cores",
                "remove it, or write device: auto, which then takes silos with GPUs");
        }
    }

    private static void Audit(RunSpec spec, Findings findings)
    {
        if (spec.Audit is null || !findings.Sound("audit", "audit.every", "train.sync.mode", "engine"))
            return;
        if (spec.Train.IsLocal)
        {
            findings.Report("audit", "an audit with sync.mode local",
                "none, because what a round's steps give is not summed and compared step by step", "remove it, or write mode: every");
        }

        if (!spec.Engine.IsSameEverywhere)
        {
            findings.Report("audit", $"an audit with engine {spec.Engine.Word}",
                "engine fused, because another engine may give other bits on another processor", "remove it, or write engine: fused");
        }
        else if (!spec.IsSameEverywhere && findings.Sound("train.precision"))
        {
            findings.Report("audit", $"an audit with train.precision {spec.Train.PrecisionWord}",
                "precision float32, because tensor cores of another compute capability may give other bits",
                "remove it, or write precision: float32");
        }
    }

    private static void Loss(RunSpec spec, Findings findings)
    {
        if (findings.Sound("train.loss") && spec.Data.Source.HasTokens is { } classes)
            findings.Report(SpecFit.Loss(spec, classes));
    }

    private static void Embedding(RunSpec spec, Findings findings)
    {
        if (findings.Sound("model.embedding") && spec.Data.Source.HasTokens is { } tokens)
            findings.Report(SpecFit.Embedding(spec, tokens));
    }

    private static void HeldOut(DataSpec data, HeldOutPart part, Findings findings)
    {
        bool isValidation = part == HeldOutPart.Validation;
        string section = isValidation ? "data.validation" : "data.test", share = isValidation ? "validationFraction" : "test.fraction";
        if (data.Of(part) is not { } held
            || !findings.Sound(section, $"{section}.source", $"{section}.fraction", $"{section}.row", $"{section}.from"))
            return;
        string expected = $"one of source, fraction, row and from{(isValidation ? ", or data.validationFraction" : "")}";
        (string Key, bool IsThere)[] keys =
        [
            ("source", held.Source is not null), ("fraction", held.Fraction > 0), ("row", held.Row is not null),
            ("from", held.From is not null),
        ];
        string[] named = [.. keys.Where(key => key.IsThere).Select(key => key.Key)];
        if (named.Length == 0)
            findings.Report(section, "no source, fraction, row or from", expected, "add one, or remove the section");
        else if (named.Length > 1)
            findings.Report($"{section}.{named[1]}", $"{named[1]} together with {named[0]}", expected, "remove one of the two");
        else if (isValidation && data.ValidationFraction > 0)
            findings.Report(section, $"it together with validationFraction {data.ValidationFraction}", expected, "remove one");
        if (held.Source is { } other && other.Word != data.Source.Word)
            findings.Report($"{section}.source", other.Word, $"{data.Source.Word}, as data.source", "convert the files to the same format");

        if (held.Row is not null && !data.IsStream)
        {
            findings.Report($"{section}.row", $"a row with source {data.Source.Word} of several sequences", "one long stream",
                $"write {share}, or name files of their own in {section["data.".Length..]}.source");
        }

        if (held.From is not null && !data.Source.HasTimes)
        {
            findings.Report($"{section}.from", $"a time with source {data.Source.Word} without a column of time", "a table with data.time",
                $"add data.time, or write {share}");
        }
    }

    private static void Extends(RunSpec spec, IReadOnlyList<SourceSpec> sources, Findings findings)
    {
        if (spec.Extends is not { } extends || !findings.Sound("extends", "extends.checkpoint", "extends.replay"))
            return;
        if (!spec.Data.Source.GrowsByAppending)
        {
            string[] words = [.. sources.Where(source => source.GrowsByAppending).Select(source => source.Word)];
            findings.Report("data.source", $"{spec.Data.Source.Word} with extends",
                $"{Show.Or(words)}, whose files grow by what is appended to them",
                "convert the data, and train a run on them to be extended");
        }

        if (spec.Model.InitFrom is not null)
        {
            findings.Report("model.initFrom", "it together with extends", "one of the two",
                "remove it: the run begins with the parameters of the parent's checkpoint");
        }

        if (spec.Tbptt.ChunkCount is not null)
        {
            findings.Report("tbptt.chunkCount", "it together with extends",
                "chunkLength, because the borders of a number of chunks move when data grow", "write chunkLength");
        }

        if (extends.Replay == 0)
            Continues(spec, findings);
        if (extends.Follow)
            Follows(spec, extends, sources, findings);
        else if (extends.IdleSeconds > 0)
            findings.Report("extends.idleSeconds", "it without extends.follow", "follow: true", "remove it, or follow the file");
    }

    /// <summary>Where a run follows its file, no step may depend on rows that are still to come.</summary>
    private static void Follows(RunSpec spec, ExtendsSpec extends, IReadOnlyList<SourceSpec> sources, Findings findings)
    {
        const string With = "with extends.follow";
        if (!spec.Data.Source.CanBeFollowed)
        {
            string[] words = [.. sources.Where(source => source.CanBeFollowed).Select(source => source.Word)];
            findings.Report("data.source", $"{spec.Data.Source.Word} {With}", $"{Show.Or(words)}, one file of which is read to the last "
                + "row that is whole", "convert the data, or extend the run each time the data have grown");
        }

        if (extends.Replay > 0)
            findings.Report("extends.replay", $"{extends.Replay} {With}", "0, because each row is trained on once", "remove it");
        if (extends.Scaling == ExtendedScaling.Refit)
        {
            findings.Report("extends.scaling", $"refit {With}", "frozen, because the statistics of rows to come are not known",
                "remove it");
        }

        if (spec.Train.Loss.TargetRule is { } rule)
        {
            findings.Report("train.loss", $"{spec.Train.Loss.Word} {With}",
                $"a loss of any targets, because rows to come may have targets that are not {rule}",
                "extend the run each time the data have grown, without follow");
        }

        if (spec.Train.IsLocal)
        {
            findings.Report("train.sync", $"local {With}", "every, because a round ends where the rows do that are there",
                "write mode: every");
        }

        foreach (var part in Enum.GetValues<HeldOutPart>().Where(part => spec.Data.Of(part) is not null))
        {
            findings.Report(part == HeldOutPart.Test ? "data.test" : "data.validation", $"it {With}",
                "nothing held out, because each row is trained on when it has come",
                "remove it: a step's loss is that of rows which the model has not been trained on yet");
        }

        if (spec.Data.ValidationFraction > 0)
        {
            findings.Report("data.validationFraction", $"{spec.Data.ValidationFraction} {With}",
                "0, because each row is trained on when it has come",
                "write 0: a step's loss is that of rows which the model has not been trained on yet");
        }
    }

    /// <summary>Where a run begins with the parent's hidden state, each lane follows on one of the parent's.</summary>
    private static void Continues(RunSpec spec, Findings findings)
    {
        const string Otherwise = "write extends.replay: 1 or more, with which each sequence begins at hidden state zero";
        if (findings.Sound("train.epochs") && spec.Train.Epochs != 1)
        {
            findings.Report("train.epochs", $"{spec.Train.Epochs} with extends.replay 0",
                "1, because the hidden state before the new part is known for one pass alone", $"write 1, or {Otherwise}");
        }

        if (findings.Sound("data.shuffle") && spec.Data.Shuffle)
        {
            findings.Report("data.shuffle", "true with extends.replay 0", "false, because each series keeps the lane of its hidden state",
                $"remove it, or {Otherwise}");
        }

        if (findings.Sound("data.batchSize") && spec.Data is { IsStream: true, BatchSize: > 1 })
        {
            findings.Report("data.batchSize", $"{spec.Data.BatchSize} lanes of one stream with extends.replay 0",
                "1, because the new part lies behind the parent's last lane alone",
                $"write 1, and train.trainers: 1, or {Otherwise}");
        }
    }

    private static void Shuffle(DataSpec data, Findings findings)
    {
        if (findings.Sound("data.shuffle") && data is { Shuffle: true, IsStream: true })
        {
            findings.Report(
                "data.shuffle", $"true with source {data.Source.Word}", "false, because the source is one stream in the order of time",
                "remove it");
        }
    }
}

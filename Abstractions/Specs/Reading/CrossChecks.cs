namespace Orleans.Tbptt.Specs.Reading;

/// <summary>What keys must be to one another. A check whose keys have mistakes of their own is passed over.</summary>
internal static class CrossChecks
{
    /// <summary>1 GB of weights, and as much again for the gradient and for each of Adam's two means.</summary>
    private const int MaxParameters = 250_000_000;

    public static void Run(RunSpec spec, Findings findings)
    {
        Trainers(spec, findings);
        Dropout(spec.Model, findings);
        EmbeddingSize(spec.Model, findings);
        Size(spec.Model, findings);
        if (!findings.Sound("data.source"))
            return;
        string source = Spelling.Of(Spelling.Sources, spec.Data.Source);
        Loss(spec, source, findings);
        Embedding(spec, source, findings);
        Shuffle(spec.Data, source, findings);
        Halves(spec, findings);
        ChunkCount(spec, findings);
    }

    private static void Trainers(RunSpec spec, Findings findings)
    {
        (int trainers, int lanes) = (spec.Train.Trainers, spec.Data.BatchSize);
        if (findings.Sound("train.trainers", "data.batchSize") && trainers > lanes)
        {
            findings.Tell("train.trainers", $"{trainers}, more trainers than lanes",
                $"{lanes} or less, for data.batchSize is {lanes}", "lower it, or raise data.batchSize");
        }
    }

    private static void Dropout(ModelSpec model, Findings findings)
    {
        if (findings.Sound("model.dropout", "model.layers") && model is { Dropout: > 0, Layers: 1 })
        {
            findings.Tell("model.dropout", $"{model.Dropout} with 1 layer",
                "2 layers or more, for dropout lies between layers", "remove it, or add a layer");
        }
    }

    private static void EmbeddingSize(ModelSpec model, Findings findings)
    {
        if (findings.Sound("model.inputSize", "model.embedding.size")
            && model is { InputSize: { } input, Embedding: { } embedding } && input != embedding.Size)
        {
            findings.Tell("model.inputSize", $"{input}", $"{embedding.Size}, the size of the embedding", "remove inputSize");
        }
    }

    /// <summary>Sizes that only the data tell count as 1: a model that is too large even so is refused now.</summary>
    private static void Size(ModelSpec model, Findings findings)
    {
        if (!findings.Sound("model.cell", "model.hiddenSize", "model.layers", "model.inputSize", "model.outputSize",
            "model.embedding.size", "model.embedding.vocabulary"))
        {
            return;
        }

        ModelSpec least = model with
        {
            InputSize = model.InputSize ?? 1,
            OutputSize = model.OutputSize ?? 1,
            Embedding = model.Embedding is { } embedding ? embedding with { Vocabulary = embedding.Vocabulary ?? 1 } : null,
        };
        int? parameters = null;
        try
        {
            parameters = ParameterLayout.Of(least).Length;
        }
        catch (OverflowException)
        {
            // Told below, like every model that is too large.
        }

        if (parameters is null or > MaxParameters)
        {
            string found = parameters is null ? $"more than {int.MaxValue:N0}" : $"at least {parameters:N0}";
            findings.Tell("model.hiddenSize", $"{model.HiddenSize}, which makes a model of {found} parameters",
                $"a model of {MaxParameters:N0} parameters or less", "lower hiddenSize, layers or the other sizes");
        }
    }

    private static void Loss(RunSpec spec, string source, Findings findings)
    {
        LossKind? fitting = spec.Data.Source switch
        {
            SourceKind.Bytes => LossKind.CrossEntropy,
            SourceKind.Npy => null,
            _ => LossKind.Mse,
        };
        if (fitting is { } loss && findings.Sound("train.loss") && spec.Train.Loss != loss)
        {
            string word = Spelling.Of(Spelling.Losses, loss);
            string targets = loss == LossKind.Mse ? "values" : "classes";
            findings.Tell("train.loss", $"{Spelling.Of(Spelling.Losses, spec.Train.Loss)} with source {source}",
                $"{word}, for the targets are {targets}", $"write {word}");
        }
    }

    private static void Embedding(RunSpec spec, string source, Findings findings)
    {
        if (!findings.Sound("model.embedding") || spec.Data.Source == SourceKind.Npy)
            return;
        if (spec is { Data.Source: SourceKind.Bytes, Model.Embedding: null })
        {
            findings.Tell("model.embedding", "nothing", "an embedding, for the inputs of source bytes are tokens",
                "add embedding: {size: 64} to model");
        }
        else if (spec.Data.Source != SourceKind.Bytes && spec.Model.Embedding is not null)
        {
            findings.Tell("model.embedding", $"an embedding with source {source}", "none, for the inputs are values",
                "remove it; bytes, and npy with whole numbers, have tokens");
        }
    }

    private static void Shuffle(DataSpec data, string source, Findings findings)
    {
        if (findings.Sound("data.shuffle") && data is { Shuffle: true, IsStream: true })
        {
            findings.Tell("data.shuffle", $"true with source {source}",
                "false, for the source is one stream in the order of time", "remove it");
        }
    }

    private static void Halves(RunSpec spec, Findings findings)
    {
        if (findings.Sound("model.inputSize")
            && spec is { Data.Source: SourceKind.Average, Model.InputSize: { } size } && size % 2 != 0)
        {
            findings.Tell("model.inputSize", $"{size}", "an even number, for source average adds two halves", $"write {size + 1L}");
        }
    }

    private static void ChunkCount(RunSpec spec, Findings findings)
    {
        if (findings.Sound("tbptt.chunkCount", "data.sequenceLength") && spec.Tbptt.ChunkCount is { } count
            && spec.Data.Source is SourceKind.Average or SourceKind.Sine && count > spec.Data.SequenceLength)
        {
            findings.Tell("tbptt.chunkCount", $"{count}, more chunks than time steps",
                $"{spec.Data.SequenceLength} or less, for data.sequenceLength is {spec.Data.SequenceLength}", "lower it");
        }
    }
}

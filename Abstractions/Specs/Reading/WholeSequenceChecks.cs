namespace Orleans.Tbptt.Specs.Reading;

/// <summary>What a model that takes whole sequences (<see cref="RunSpec.TakesWholeSequences"/>) does not go with.</summary>
internal static class WholeSequenceChecks
{
    public static void Run(RunSpec spec, Findings findings)
    {
        if (!findings.Sound("model.bidirectional", "train.loss") || !spec.TakesWholeSequences)
            return;
        string with = spec.Model.Bidirectional ? "with model.bidirectional" : $"with loss {spec.Train.Loss.Word}";
        string because = spec.Model.Bidirectional
            ? "because the other direction begins at a sequence's end, and no state can be carried to the next chunk"
            : "because the loss is one of a sequence as a whole";
        if (findings.Sound("tbptt", "tbptt.backprop", "tbptt.chunkCount", "tbptt.chunkLength")
            && !spec.Tbptt.Backprop.IsFull && spec.Tbptt.ChunkCount != 1)
        {
            findings.Report(
                "tbptt.backprop", $"{spec.Tbptt.Backprop.Word} {with}", $"whole sequences, {because}",
                "write backprop: full, or chunkCount: 1 alone");
        }

        if (findings.Sound("metrics.gradientLag") && spec.Metrics.GradientLag > 0)
        {
            findings.Report(
                "metrics.gradientLag", $"{spec.Metrics.GradientLag} {with}", "0, because nothing of a gradient is cut off, and it is not "
                    + "taken apart by chunks", "remove it");
        }

        if (findings.Sound("extends") && spec.Extends is not null)
        {
            findings.Report(
                "extends", $"it {with}", "no parent, because what a run is extended by is the end of a sequence, and not a whole one",
                "remove it, and begin with the parent's weights by model.initFrom");
        }

        if (spec.Model.Bidirectional)
            Model(spec.Model, findings);
        if (findings.Sound("data.source"))
            Source(spec, with, because, findings);
    }

    /// <summary>What a layer of both directions does not have.</summary>
    private static void Model(ModelSpec model, Findings findings)
    {
        var dropout = model.Dropout;
        (string Key, bool IsThere)[] all =
        [
            ("layerNorm", model.LayerNorm), ("residual", model.Residual), ("tieWeights", model.TieWeights),
            ("dropout.input", dropout.Input > 0), ("dropout.output", dropout.Output > 0), ("dropout.weight", dropout.Weight > 0),
            ("dropout.zoneout", dropout.Zones), ("cell.projectionSize", model.Cell.Projection is not null),
        ];
        foreach (var (key, _) in all.Where(one => one.IsThere && findings.Sound("model.dropout", $"model.{one.Key}")))
        {
            findings.Report(
                $"model.{key}", "it with model.bidirectional",
                "layers that give their h as it is; between layers, and of embeddings, units may be dropped", "remove one of the two");
        }

        if (model.LearnInitialState && findings.Sound("model.learnInitialState"))
        {
            findings.Report(
                "model.learnInitialState", "it with model.bidirectional", "states of zeros, from which both directions begin",
                "remove one of the two");
        }
    }

    private static void Source(RunSpec spec, string with, string because, Findings findings)
    {
        var source = spec.Data.Source;
        if (source.IsStream)
        {
            findings.Report(
                "data.source", $"{source.Word}, which is one long stream here, {with}", $"independent sequences, {because}",
                "save arrays of sequences, npz or npy with layout: sequences");
        }
        else if (spec.Model.Bidirectional && source.TargetsLieAhead)
        {
            findings.Report(
                "data.source", $"{source.Word} {with}",
                "targets that are no inputs of later time steps, because the direction from a sequence's end has seen those before it "
                    + "predicts them", "save arrays of inputs and labels as npz or npy, or leave bidirectional out");
        }
    }
}

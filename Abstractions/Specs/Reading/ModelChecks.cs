using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Specs.Reading;

/// <summary>What the keys of a model must be to one another.</summary>
internal static class ModelChecks
{
    public static void Run(ModelSpec model, Findings findings)
    {
        Projection(model, findings);
        Dropout(model, findings);
        InitialState(model, findings);
        Init(model, findings);
        Residual(model, findings);
        if (findings.Sound("model.tieWeights", "model.embedding", "model.embedding.size", "model.hiddenSize", "model.cell"))
            findings.Report(SpecFit.Tied(model));
        EmbeddingSize(model, findings);
        Rename(model, findings);
        Size(model, findings);
    }

    private static void Projection(ModelSpec model, Findings findings)
    {
        const string Key = "model.cell.projectionSize";
        if (findings.Sound(Key, "model.hiddenSize") && model.Cell.Projection is { } outputs && outputs >= model.HiddenSize)
        {
            findings.Report(Key, $"{outputs} with hiddenSize {model.HiddenSize}", "less than hiddenSize, because a projection shortens h",
                "lower it, or remove it");
        }
    }

    private static void Dropout(ModelSpec model, Findings findings)
    {
        var dropout = model.Dropout;
        if (!findings.Sound("model.dropout", "model.layers", "model.cell"))
            return;
        if (dropout.Between > 0 && model.Layers == 1)
        {
            findings.Report(dropout.AsNumber() is null ? "model.dropout.between" : "model.dropout", $"{dropout.Between} with 1 layer",
                "2 layers or more, because dropout lies between layers", "remove it, or add a layer");
        }

        if (dropout.Weight > 0 && !model.Cell.HasHiddenWeights)
        {
            findings.Report("model.dropout.weight", $"{dropout.Weight} with cell {model.Cell.Word}",
                "a cell with weight_hh, because that is what is dropped", "remove it, or choose another cell");
        }

        if (dropout.Zones && model.Cell.States > 2)
        {
            findings.Report(dropout.Zoneout > 0 ? "model.dropout.zoneout" : "model.dropout.zoneoutCell", $"it with cell {model.Cell.Word}",
                $"a cell of h alone or of h and c, because {Show.And([.. model.Cell.StateNames.Skip(1)])} have to change together",
                "remove it, or choose another cell");
        }
        else if (dropout.ZoneoutCell > 0 && model.Cell.States < 2)
        {
            findings.Report("model.dropout.zoneoutCell", $"{dropout.ZoneoutCell} with cell {model.Cell.Word}", "a cell that keeps a c",
                "remove it, or choose lstm");
        }

        if (dropout is { Locked: true, Between: 0, Input: 0, Output: 0 })
        {
            findings.Report("model.dropout.locked", "true where neither between, input nor output is dropped", "one of them",
                "remove it, or add one of them");
        }
    }

    private static void Residual(ModelSpec model, Findings findings)
    {
        if (findings.Sound("model.residual", "model.layers") && model is { Residual: true, Layers: 1 })
        {
            findings.Report("model.residual", "true with 1 layer", "2 layers or more, because the first one's inputs are not added",
                "remove it, or add a layer");
        }
    }

    private static void InitialState(ModelSpec model, Findings findings)
    {
        if (findings.Sound("model.learnInitialState", "model.cell") && model is { LearnInitialState: true, Cell.States: > 2 })
        {
            findings.Report("model.learnInitialState", $"true with cell {model.Cell.Word}",
                $"a cell of h alone or of h and c, because {Show.And([.. model.Cell.StateNames.Skip(2)])} of {model.Cell.Word} scale the "
                + "others, and are no values of their own", "remove it, or choose another cell");
        }
    }

    private static void Init(ModelSpec model, Findings findings)
    {
        if (model.Init == InitSpec.Torch || !findings.Sound("model.init", "model.cell", "model.initFrom"))
            return;
        var (init, cell) = (model.Init, model.Cell);
        if (model.InitFrom is not null)
            findings.Report("model.init", "it together with initFrom", "one of the two", "remove it: the weights are those of the file");
        if (CustomWord.Is(cell.Word) && (init.Input != InitScheme.Torch || init.Recurrent != InitScheme.Torch))
        {
            findings.Report(
                "model.init", $"input or recurrent with cell {cell.Word}", "torch, because only the program knows its parameters",
                "remove it, and have the program's module draw them");
        }
        else if (init.Recurrent != InitScheme.Torch && !cell.HasHiddenWeights)
            findings.Report("model.init.recurrent", $"it with cell {cell.Word}", "a cell with weight_hh", "remove it");
        if (init.ForgetBias is not null && cell.ForgetGate is null)
            findings.Report("model.init.forgetBias", $"it with cell {cell.Word}", "a cell with a forget gate", "remove it");
        if (init.Head != InitScheme.Torch && model.TieWeights)
            findings.Report("model.init.head", "it with tieWeights", "embedding, whose weight is the head's", "write init.embedding");
    }

    private static void Rename(ModelSpec model, Findings findings)
    {
        if (findings.Sound("model.rename", "model.initFrom") && model is { Rename.Pairs.Count: > 0, InitFrom: null })
            findings.Report("model.rename", "names without model.initFrom", "names of a file of weights", "remove it, or name the file");
    }

    private static void EmbeddingSize(ModelSpec model, Findings findings)
    {
        if (findings.Sound("model.inputSize", "model.embedding.size")
            && model is { InputSize: { } input, Embedding: { } embedding } && input != embedding.Size)
        {
            findings.Report("model.inputSize", $"{input}", $"{embedding.Size}, the size of the embedding", "remove inputSize");
        }
    }

    /// <summary>Sizes that only the data determine count as 1: a model that is too large even so is refused now.</summary>
    private static void Size(ModelSpec model, Findings findings)
    {
        if (!findings.Sound("model.cell", "model.hiddenSize", "model.layers", "model.inputSize", "model.outputSize",
            "model.embedding.size", "model.embedding.vocabulary"))
        {
            return;
        }

        findings.Report(SpecFit.Size(model));
    }
}

namespace Orleans.Tbptt.Data.Weights;

/// <summary>What makes a file that can be read of one of <c>torch.save</c>.</summary>
internal enum TorchConversion
{
    /// <summary>The program that has the model must save it again, because the file is damaged.</summary>
    SaveAgain,

    /// <summary>The tensors among a dictionary's values are saved.</summary>
    Tensors,

    /// <summary>The state dict is an entry of the file's dictionary.</summary>
    Entry,

    /// <summary>The file holds a module.</summary>
    Module,

    /// <summary>The values are the negatives of the elements.</summary>
    Resolve,
}

/// <summary>A file of <c>torch.save</c> is damaged, or holds something else than a state dict of plain tensors.</summary>
/// <param name="found">What was found.</param>
/// <param name="conversion">What makes a file that can be read.</param>
internal sealed class TorchFileException(string found, TorchConversion conversion) : Exception(found)
{
    /// <summary>What makes a file that can be read.</summary>
    public TorchConversion Conversion => conversion;

    /// <summary>The name of the dictionary's entry that is the state dict; null where none is.</summary>
    public string? Entry { get; init; }

    /// <summary>Whether the file has objects that <c>weights_only=True</c> may refuse.</summary>
    public bool HasObjects { get; init; }
}

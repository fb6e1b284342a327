namespace Orleans.Tbptt.Data.Text.Tokenizers;

/// <summary>A <c>tokenizer.json</c> cannot be read, or has a part that would make other tokens here.</summary>
internal sealed class TokenizerException(string found, string expected, string remedy) : Exception
{
    private const string Whole = "a tokenizer.json that Tokenizer.save wrote";

    public override string Message => found;

    public string Found => found;

    public string Expected => expected;

    public string Remedy => remedy;

    /// <summary>The file has a part that would make other tokens here.</summary>
    public static TokenizerException Refused(string found) => new(
        found, "byte-level BPE, as of GPT-2, or WordPiece, as of BERT",
        "encode the texts in Python, save the numbers by numpy.save, and read them as npy:FILES with model.embedding");

    /// <summary>The tokenizers library writes no such file.</summary>
    public static TokenizerException Damaged(string found) => new(found, Whole, "save it again by Tokenizer.save, or save_pretrained");

    /// <summary>The file is none.</summary>
    public static TokenizerException Unlikely(string found) => new(found, Whole, "check that the file is a tokenizer.json");
}

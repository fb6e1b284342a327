using Orleans.Tbptt.Cluster.Wording;

namespace Orleans.Tbptt.Client.Drafts;

/// <summary>A spec of a language model over the bytes of a text.</summary>
internal static class TextDraft
{
    private const int HeadBytes = 1 << 16;

    /// <summary>Writes the spec.</summary>
    /// <param name="path">The file.</param>
    /// <param name="source">Its path from the spec's directory.</param>
    /// <param name="spec">The spec's file, for remarks.</param>
    /// <exception cref="DataFaultException">The file is too short.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static Draft Of(string path, string source, string spec)
    {
        long bytes = new FileInfo(path).Length;
        if (bytes < 2)
            throw new DataFaultException(path, new DataFault(Text.Plural(bytes, "byte"), "a text", "check how the file was made"));
        var sizes = new StreamSizes(bytes, 50);
        int lanes = sizes.Lanes(most: 32);
        var text = Draft.Begin(source, spec).Remark($"{Text.Count(bytes)} bytes, read as one stream; the target is the next byte.");
        Draft.Head(text, path);
        text.Add("model:")
            .Add("  cell: lstm", "or gru, which has fewer parameters, or rnn")
            .Add("  embedding: {size: 32}", "each of the 256 byte values is a vector of this length")
            .Add("  hiddenSize: 128", "raise it for long texts, lower it if only the validation loss stays high")
            .Add("")
            .Add("data:")
            .Add($"  source: {SpecLines.Scalar($"bytes:{source}")}", "a glob relative to this file: '**/*.txt' reads many files");
        if (sizes.Held > 0)
            text.Add("  validationFraction: 0.15", $"the last {Text.Count(sizes.Held)} bytes measure the model, never train it");
        text.Add($"  batchSize: {lanes}", $"lanes: the other bytes are cut into {Text.Plural(lanes, "part")}, trained at the same time")
            .Add("")
            .Add("tbptt:")
            .Add("  chunkLength: 50", "bytes that gradients reach back; the hidden state reaches further")
            .Add("");
        string[] notes = HasZeros(path)
            ? ["bytes of 0, which no text in UTF-8 has: if it is UTF-16, convert it by iconv -f utf-16 -t utf-8; "
                + "else look whether it is a text"]
            : [];
        return new(
            Draft.Train(text, sizes, lanes, "cross_entropy", "of the next byte; bits per byte are printed", "3e-3").ToString(), notes);
    }

    private static bool HasZeros(string path)
    {
        byte[] head = new byte[HeadBytes];
        using FileStream file = File.OpenRead(path);
        return head.AsSpan(0, file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)).Contains((byte)0);
    }
}

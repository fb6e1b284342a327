using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Data.Arrow;
using Orleans.Tbptt.Data.Hdf5;
using Orleans.Tbptt.Data.JsonLines;
using Orleans.Tbptt.Data.Npy;
using Orleans.Tbptt.Data.Parquet;
using Orleans.Tbptt.Data.Tsf;

namespace Orleans.Tbptt.Client.Drafts;

/// <summary>A proposed spec.</summary>
/// <param name="Spec">Its text.</param>
/// <param name="Notes">What the user should check in the data.</param>
internal sealed record Draft(string Spec, IReadOnlyList<string> Notes)
{
    private const int MaxName = 60;

    /// <summary>Drafts a spec for a file of data.</summary>
    /// <param name="path">The file, of which the extension names the format; CSV otherwise.</param>
    /// <param name="spec">The spec's file.</param>
    /// <exception cref="DataFaultException">The file cannot be trained on as it is.</exception>
    /// <exception cref="Orleans.Tbptt.Specs.SpecException">The same, as training would say it.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static Draft Of(string path, string spec)
    {
        string source = Path.GetRelativePath(Path.GetDirectoryName(Path.GetFullPath(spec))!, Path.GetFullPath(path));
        return FormatOf(path) switch
        {
            ".txt" when IsPacked(path) => throw new DataFaultException(
                path, new DataFault("a compressed text", "a text, whose bytes are trained on as they are", "decompress it")),
            ".txt" when TextTable.Is(path) && CsvDraft.Of(path, source, spec) is var table =>
                table with { Notes = [TextTable.Note, .. table.Notes] },
            ".txt" => TextDraft.Of(path, source, spec),
            ".parquet" or ".pq" => TableDraft.Of(new ParquetSource { Path = Path.GetFullPath(path) }, path, source, spec),
            ".arrow" or ".feather" or ".ipc" => TableDraft.Of(new ArrowSource { Path = Path.GetFullPath(path) }, path, source, spec),
            ".jsonl" or ".ndjson" => TableDraft.Of(new JsonLinesSource { Path = Path.GetFullPath(path) }, path, source, spec),
            ".tsf" => TableDraft.Of(new TsfSource { Path = Path.GetFullPath(path) }, path, source, spec),
            ".npz" => ContainerDraft.Of(new NpzSource { Path = Path.GetFullPath(path) }, path, source, spec),
            ".h5" or ".hdf5" or ".hdf" => ContainerDraft.Of(new Hdf5Source { Path = Path.GetFullPath(path) }, path, source, spec),
            ".npy" => throw new DataFaultException(path, new DataFault("an array", "a CSV or text file", ArrayDraft.Advice(path))),
            _ => CsvDraft.Of(path, source, spec),
        };
    }

    /// <summary>The name of a file without the extensions of its format and of how it is compressed.</summary>
    public static string NameOf(string path) =>
        Path.GetFileNameWithoutExtension(IsPacked(path) ? Path.GetFileNameWithoutExtension(path) : path);

    private static bool IsPacked(string path) => Path.GetExtension(path).ToLowerInvariant() is ".gz" or ".zst" or ".zstd";

    // By its first bytes where they show the format, whatever its name; else by its extension.
    private static string FormatOf(string path)
    {
        using FileStream file = File.OpenRead(path);
        byte[] head = new byte[6];
        head = head[..file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)];
        return head.AsSpan().StartsWith("PAR1"u8) ? ".parquet"
            : head.AsSpan().StartsWith("ARROW1"u8) ? ".arrow"
            : head.AsSpan().StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'H', (byte)'D', (byte)'F']) ? ".hdf5"
            : head.AsSpan().StartsWith((ReadOnlySpan<byte>)[0x93, (byte)'N', (byte)'U', (byte)'M']) ? ".npy"
            : Path.GetExtension(IsPacked(path) ? Path.GetFileNameWithoutExtension(path) : path).ToLowerInvariant();
    }

    /// <summary>The first lines of a spec.</summary>
    internal static SpecLines Begin(string source, string spec) => new SpecLines()
        .Add($"# yaml-language-server: $schema={SpecLines.SchemaFile}")
        .Remark($"Drafted by tbptt init for {source}. Next: tbptt train {Shell.Word(spec)}. docs/run-spec.md lists every key.");

    /// <summary>Name and seed.</summary>
    internal static void Head(SpecLines text, string path)
    {
        string name = Text.OneLine(NameOf(path));
        text.Add("")
            .Add($"name: {SpecLines.Scalar(name.Length == 0 ? "run" : Text.Fit(name, MaxName))}")
            .Add("seed: 1", "of initial weights; the same seed gives the same model, bit for bit")
            .Add("");
    }

    /// <summary>The section <c>train</c>.</summary>
    internal static SpecLines Train(SpecLines text, StreamSizes sizes, int lanes, string loss, string about, string rate) => text
        .Add("train:")
        .Add("  trainers: 1", $"each trains a share of the lanes on a core or a GPU; at most {Text.Plural(lanes, "trainer")}")
        .Add($"  epochs: {sizes.Epochs(lanes)}",
            $"of {Text.Plural(sizes.Steps(lanes), "step")}; stop at any time, tbptt resume continues")
        .Add($"  loss: {loss}", about)
        .Add($"  optimizer: {{name: adam, lr: {rate}}}", "halve lr if the loss jumps up, double it if it falls slowly")
        .Add("  clipNorm: 1.0", "limits a step's gradient, so that one outlier does no harm");
}

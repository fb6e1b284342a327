using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Orleans.Tbptt.Cluster.Wording;

namespace Orleans.Tbptt.Silo.Web.Models;

/// <summary>Rows that somebody has sent to forecast from: text, of bounded size.</summary>
/// <param name="Bytes">The text.</param>
/// <param name="IsJson">Whether it has a JSON object a line; otherwise it is a table as the model was trained on, or CSV.</param>
internal sealed record ForecastRows(ReadOnlyMemory<byte> Bytes, bool IsJson)
{
    /// <summary>Bytes of the rows of one request.</summary>
    public const int MostBytes = 1 << 20;

    /// <summary>Lines of one request.</summary>
    public const int MostLines = 10_000;

    /// <summary>
    /// Parameters × lines of one request: what they cost. A core computes these products in a few seconds.
    /// </summary>
    public const long MostProducts = 20_000_000_000;

    /// <summary>Outputs of one request.</summary>
    public const long MostValues = 500_000;

    /// <summary>Lines that are not empty.</summary>
    public int Lines { get; } = CountLines(Bytes.Span);

    /// <summary>Why the rows are not taken; null where they are.</summary>
    /// <param name="parameters">Parameters of the model.</param>
    /// <param name="outputs">Outputs of the model at a row.</param>
    public string? Problem(long parameters, int outputs)
    {
        var bytes = Bytes.Span;
        if (bytes.Length > MostBytes)
            return $"found {Text.Count(bytes.Length)} bytes, expected at most {Text.Count(MostBytes)}; use 'tbptt predict' for more";
        if (Lines == 0)
            return "found none, expected a header and a row or more; paste or upload some";
        // Some bytes of these would unpack to any number of rows.
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0x1f, 0x8b]) || bytes.StartsWith((ReadOnlySpan<byte>)[0x28, 0xb5, 0x2f, 0xfd]))
            return "found compressed bytes, expected text; unpack them";
        long most = Math.Max(2, Math.Min(MostLines, Math.Min(MostProducts / parameters, MostValues / outputs)));
        return Lines <= most ? null
            : $"found {Text.Count(Lines)} lines, expected at most {Text.Count(most)} for a model of {Text.Plural(parameters, "parameter")} "
                + $"and {Text.Plural(outputs, "output")}; use 'tbptt predict' for more";
    }

    /// <summary>The objects of a JSON array, one a line.</summary>
    /// <exception cref="JsonException">It is no array of objects.</exception>
    public static ForecastRows OfArray(JsonElement rows)
    {
        if (rows.ValueKind != JsonValueKind.Array)
            throw new JsonException($"rows: found {JsonWords.Of(rows)}, expected an array of objects");
        var lines = new ArrayBufferWriter<byte>();
        foreach (var (index, row) in rows.EnumerateArray().Index())
        {
            if (row.ValueKind != JsonValueKind.Object)
                throw new JsonException($"rows[{index}]: found {JsonWords.Of(row)}, expected an object with a value for each column");
            using (var line = new Utf8JsonWriter(lines, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
                row.WriteTo(line);
            lines.Write("\n"u8);
        }

        return new(lines.WrittenMemory, IsJson: true);
    }

    private static int CountLines(ReadOnlySpan<byte> bytes)
    {
        int lines = 0;
        foreach (var line in bytes.SplitAny("\r\n"u8))
            lines += bytes[line].Trim(" \t"u8).IsEmpty ? 0 : 1;
        return lines;
    }
}

using System.Text.Json;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Grains.Streams;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Silo.Web.Models;

namespace Orleans.Tbptt.Silo.Web.Api;

/// <summary>Reads rows of a stream from JSON, by the names of the model's columns or in their order.</summary>
internal static class RowsReader
{
    private const string Expected = "{ \"first\": 1, \"rows\": [ … ] }";

    /// <summary>Reads a request.</summary>
    /// <param name="request">An object with <c>first</c> and <c>rows</c>.</param>
    /// <param name="columns">The model's columns.</param>
    /// <exception cref="JsonException">It is none; the message says where, what was found and what was expected.</exception>
    public static StreamRows Read(JsonElement request, StreamColumns columns)
    {
        try
        {
            return ReadRequest(request, columns);
        }
        catch (InvalidOperationException exception)
        {
            throw new JsonException("found a text that is no UTF-8, expected UTF-8", exception);
        }
    }

    private static StreamRows ReadRequest(JsonElement request, StreamColumns columns)
    {
        if (request.ValueKind != JsonValueKind.Object)
            throw new JsonException($"found {JsonWords.Of(request)}, expected an object: {Expected}");
        JsonElement? first = null, rows = null;
        foreach (var property in request.EnumerateObject())
        {
            if (property.NameEquals("first"))
                first = property.Value;
            else if (property.NameEquals("rows"))
                rows = property.Value;
            else
                throw new JsonException($"{Text.OneLine(property.Name)}: found an unknown key, expected {Expected}");
        }

        if (first is not { ValueKind: JsonValueKind.Number } number || !number.TryGetInt64(out long from))
        {
            throw new JsonException(
                $"first: found {(first is { } other ? JsonWords.Of(other) : "nothing")}, expected the number of the first row, 1 for a new "
                + "stream");
        }

        if (rows is not { ValueKind: JsonValueKind.Array } list)
            throw new JsonException($"rows: found {(rows is { } other ? JsonWords.Of(other) : "nothing")}, expected a list of rows");
        if (list.GetArrayLength() is 0 or > StreamRows.Most)
            throw new JsonException($"rows: found {list.GetArrayLength()}, expected 1 to {StreamRows.Most}");
        var read = new StreamRow[list.GetArrayLength()];
        int at = 0;
        foreach (var row in list.EnumerateArray())
            read[at] = ReadRow(row, columns, at++);
        return new(from, read);
    }

    private static StreamRow ReadRow(JsonElement row, StreamColumns columns, int at)
    {
        int numbers = columns.Numbers.Count, width = numbers + columns.Texts.Count;
        var read = new StreamRow(new double[numbers], new string?[columns.Texts.Count]);
        Array.Fill(read.Numbers, double.NaN);
        if (row.ValueKind == JsonValueKind.Array)
        {
            if (row.GetArrayLength() != width)
            {
                throw new JsonException(
                    $"rows[{at}]: found {Text.Plural(row.GetArrayLength(), "cell")}, expected {width}: {Names(columns)}");
            }

            int cell = 0;
            foreach (var value in row.EnumerateArray())
                Set(read, cell++, value, columns, at);
            return read;
        }

        if (row.ValueKind != JsonValueKind.Object)
            throw new JsonException($"rows[{at}]: found {JsonWords.Of(row)}, expected an object of cells by columns, or a list of them");
        Span<bool> seen = width <= 256 ? stackalloc bool[width] : new bool[width];
        foreach (var property in row.EnumerateObject())
        {
            int cell = IndexOf(property, columns);
            if (cell < 0)
            {
                throw new JsonException(
                    $"rows[{at}].{Text.OneLine(property.Name)}: found an unknown column, expected {Names(columns)}");
            }

            if (seen[cell])
                throw new JsonException($"rows[{at}].{Text.OneLine(property.Name)}: found the column twice, expected it once");
            seen[cell] = true;
            Set(read, cell, property.Value, columns, at);
        }

        return read;
    }

    private static int IndexOf(JsonProperty property, StreamColumns columns)
    {
        for (int i = 0; i < columns.Numbers.Count; i++)
        {
            if (property.NameEquals(columns.Numbers[i]))
                return i;
        }

        for (int i = 0; i < columns.Texts.Count; i++)
        {
            if (property.NameEquals(columns.Texts[i]))
                return columns.Numbers.Count + i;
        }

        return -1;
    }

    private static void Set(StreamRow row, int cell, JsonElement value, StreamColumns columns, int at)
    {
        bool isNumber = cell < row.Numbers.Length;
        string name = isNumber ? columns.Numbers[cell] : columns.Texts[cell - row.Numbers.Length];
        switch (value.ValueKind)
        {
            case JsonValueKind.Null:
                break;
            case JsonValueKind.Number when isNumber:
                row.Numbers[cell] = value.GetDouble();
                break;
            case JsonValueKind.True or JsonValueKind.False when isNumber:
                row.Numbers[cell] = value.ValueKind == JsonValueKind.True ? 1 : 0;
                break;
            case JsonValueKind.String when !isNumber:
                row.Texts[cell - row.Numbers.Length] = value.GetString();
                break;
            case JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False when !isNumber:
                row.Texts[cell - row.Numbers.Length] = value.GetRawText();
                break;
            default:
                throw new JsonException(
                    $"rows[{at}].{Text.OneLine(name)}: found {JsonWords.Of(value)}, expected {(isNumber ? "a number" : "a text")}");
        }
    }

    private static string Names(StreamColumns columns) =>
        string.Join(", ", columns.Numbers.Concat(columns.Texts).Take(24).Select(Text.OneLine));
}

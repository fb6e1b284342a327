using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Orleans.Tbptt.Client.Tables;

/// <summary>Writes a table as JSON Lines; null where a number is not finite.</summary>
internal sealed class JsonLinesTable<T>(Stream output, IReadOnlyList<OutputColumn<T>> columns) : IOutputTable<T>
{
    private readonly Utf8JsonWriter _json = new(output, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <inheritdoc/>
    public void Add(T row)
    {
        _json.WriteStartObject();
        foreach (var column in columns)
        {
            _json.WritePropertyName(column.Name);
            if (column.Whole is { } whole)
                _json.WriteNumberValue(whole(row));
            else if (column.Time is { } time)
                _json.WriteStringValue(time(row).ToString("O", CultureInfo.InvariantCulture));
            else if (column.Text is { } text)
                _json.WriteStringValue(text(row));
            else if (column.Number!(row) is var number && double.IsFinite(number))
                _json.WriteNumberValue(number);
            else
                _json.WriteNullValue();
        }

        _json.WriteEndObject();
        _json.Flush();
        _json.Reset();
        output.WriteByte((byte)'\n');
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _json.Dispose();
        output.Dispose();
    }
}

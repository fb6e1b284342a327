using System.Text;

namespace Orleans.Tbptt.Silo.Web.Markup;

/// <summary>Lines of CSV (RFC 4180).</summary>
internal static class CsvLine
{
    /// <summary>Appends a line.</summary>
    public static void Append(StringBuilder text, IEnumerable<string> fields) => text.AppendJoin(',', fields.Select(Quoted)).Append("\r\n");

    /// <summary>A name, which begins with an apostrophe where a spreadsheet would take it for a formula; numbers are left alone.</summary>
    public static string Guarded(string name) => name is ['=' or '+' or '-' or '@' or '\t' or '\r', ..] ? "'" + name : name;

    private static string Quoted(string field) => field.AsSpan().IndexOfAny("\",\r\n") >= 0
        ? $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : field;
}

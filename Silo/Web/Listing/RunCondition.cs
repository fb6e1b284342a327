using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;

namespace Orleans.Tbptt.Silo.Web.Listing;

/// <summary>A condition on a column: <c>model.hiddenSize>=32</c>.</summary>
/// <param name="Column">The column.</param>
/// <param name="Relation">One of <c>= != &lt; &lt;= &gt; &gt;=</c>.</param>
/// <param name="Operand">What it is compared with.</param>
internal sealed partial record RunCondition(RunColumn Column, string Relation, string Operand)
{
    /// <summary>The conditions of a text that separates them by spaces; all must hold.</summary>
    /// <exception cref="BadHttpRequestException">A word is no condition.</exception>
    public static IReadOnlyList<RunCondition> Of(string text) =>
        [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(One)];

    /// <summary>
    /// Whether it holds for a run. Numbers are compared as numbers, other values as text; a missing value fits only <c>!=</c>.
    /// </summary>
    public bool Holds(RunEntry run)
    {
        string value = Column.Value(run);
        if (RunColumn.Parse(Operand) is { } operand && Column.Number(run) is { } number)
        {
            return Relation switch
            {
                "=" => number == operand, "!=" => number != operand, "<" => number < operand, "<=" => number <= operand,
                ">" => number > operand, _ => number >= operand,
            };
        }

        return Relation switch
        {
            "=" => string.Equals(value, Operand, StringComparison.OrdinalIgnoreCase),
            "!=" => !string.Equals(value, Operand, StringComparison.OrdinalIgnoreCase),
            _ => false,
        };
    }

    private static RunCondition One(string word)
    {
        var match = Pattern().Match(word);
        return match.Success && RunColumn.Find(match.Groups[1].Value) is { } column
            ? new(column, match.Groups[2].Value, match.Groups[3].Value)
            : throw new BadHttpRequestException(
                $"where: found '{word}', expected a spec's key or a column, one of = != < <= > >=, and a value: model.hiddenSize>=32");
    }

    [GeneratedRegex(@"^([A-Za-z][\w.\[\]-]*)(!=|<=|>=|=|<|>)(.+)\z", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}

using System.Globalization;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>Reports the cells of the columns used that hold no number, in the order of the file.</summary>
/// <param name="source">Names the file.</param>
/// <param name="reader">Words the places of cells.</param>
/// <param name="mayLeaveOut">Whether another column is left when one is left out.</param>
internal sealed class CellProblems(TableSource source, TableReader reader, bool mayLeaveOut)
{
    /// <summary>Adds the first cells, and the number of the others.</summary>
    public void Report(IReadOnlyList<string> names, IReadOnlyList<ColumnTally> tallies, ProblemList problems)
    {
        bool refuses = source.MissingValues == MissingValues.Refuse;
        string[] others =
            [.. tallies.SelectMany(tally => tally.FirstOthers.Concat(tally.FirstMissing)).Select(cell => cell.Text).Distinct()];
        var cells = names.Zip(tallies, (name, tally) => (Name: name, Tally: tally)).SelectMany(column =>
            column.Tally.FirstOthers.Select(cell => (column.Name, Cell: cell, IsMissing: false))
                .Concat(refuses ? column.Tally.FirstMissing.Select(cell => (column.Name, Cell: cell, IsMissing: true)) : []));
        foreach (var (name, cell, isMissing) in cells.OrderBy(one => one.Cell.Place).Take(ProblemList.Shown))
            problems.AddInFile(source.Path, () => Problem(cell.Place, name, cell.Text, isMissing, others));
        long all = tallies.Sum(tally => tally.Others + (refuses ? tally.Missing : 0));
        problems.AddUnlisted(source.Path, all - Math.Min(all, ProblemList.Shown));
    }

    private SpecProblem Problem(long place, string column, string text, bool isMissing, string[] others)
    {
        string leave = mayLeaveOut ? ", or leave the column out of data.inputs and data.targets" : "";
        string found = text.Length == 0 ? "an empty cell" : Wording.Quote(text);
        string expected = source.Categorical.Contains(column) ? "a text or a whole number" : "a number";
        string where = $"in column {Wording.Quote(column)} at {reader.Describe(place)}";
        if (isMissing)
        {
            found += text.Length == 0 ? "" : ", which stands for a missing value,";
            return new(
                DataKeys.Source, $"{found} {where}", expected, $"write data.missingValues: mask, forward or interpolate, fill it{leave}");
        }

        bool isBeyond = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
            && !float.IsFinite((float)number);
        return new(
            DataKeys.Source, $"{found} {where}", isBeyond ? "a finite number in the range of float32" : expected,
            text == column ? "remove the row: it is the header once more, as where files were put behind each other"
                : (reader.Advice(text, others)
                    ?? (IsTime(text) ? "name the column in data.time if it is the time of the rows" : "correct it")) + leave);
    }

    private static bool IsTime(string text) => !double.IsNaN(TimeText.Of(CellType.Time).Value(text))
        || !double.IsNaN(TimeText.Of(CellType.DayFirstTime).Value(text));
}

using System.Globalization;
using System.Text;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>The time at which a part begins that is held out.</summary>
/// <param name="Part">The part.</param>
/// <param name="Time">The time, as cells of the column of time are read.</param>
internal readonly record struct TimeBorder(HeldOutPart Part, double Time)
{
    /// <summary>The borders that a spec names.</summary>
    /// <param name="data">Says what is held out.</param>
    /// <param name="time">The column of time; null where there is none, and then the spec names no border.</param>
    /// <param name="problems">Collects the problems.</param>
    public static IReadOnlyList<TimeBorder> Read(DataSpec data, ChosenColumn? time, ProblemList problems)
    {
        var borders = new List<TimeBorder>();
        foreach (var part in Enum.GetValues<HeldOutPart>())
        {
            if (data.Of(part)?.From is not { } from || time is not { } column)
                continue;
            if (TryRead(from, column.Type) is { } at)
            {
                borders.Add(new(part, at));
                continue;
            }

            problems.Add(
                DataKeys.HeldOut(part, "from"), Wording.Quote(from),
                column.Type.IsTime() ? "a time such as 2016-01-31 or 2016-01-31 12:30, the year first"
                    : $"a number, as in column {Wording.Quote(column.Name)}", "correct it");
        }

        return borders;
    }

    private static double? TryRead(string text, CellType type)
    {
        if (!type.IsTime())
            return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? number : null;

        // Where the year stands first, nobody has to guess which of the others is the month.
        bool yearFirst = text.Length > 4 && text[..4].All(char.IsAsciiDigit);
        return yearFirst && TimeText.Of(CellType.Time).TryParse(Encoding.UTF8.GetBytes(text), out double time) ? time : null;
    }
}

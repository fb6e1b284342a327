using Orleans.Tbptt.Data.Sequences;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>What becomes of missing cells.</summary>
public enum MissingValues
{
    /// <summary>They are refused.</summary>
    Refuse,

    /// <summary>As an input 0, the mean, with a further input that says whether it was observed; as a target no part of the loss.</summary>
    Mask,

    /// <summary>The last value before them.</summary>
    Forward,

    /// <summary>On the straight line between the values around them; after the last value of a part that one.</summary>
    Interpolate,
}

/// <summary>Fills the missing cells of a table, series by series; those before the first value of a series cannot be filled.</summary>
/// <param name="table">The table; missing cells are NaN.</param>
/// <param name="kind">How to fill.</param>
internal sealed class GapFill(FloatTable table, MissingValues kind)
{
    private readonly (long Row, float Value)?[] _last = new (long, float)?[table.Width];

    /// <summary>
    /// Fills consecutive rows that are one series. No value is carried back over the border of a part: what is trained on would depend on
    /// what is held out.
    /// </summary>
    /// <param name="first">The first row.</param>
    /// <param name="borders">Where its parts begin, counted from that row.</param>
    /// <returns>The first column and row that could not be filled; null when all could.</returns>
    public (int Column, long Row)? Fill(long first, PartBorders borders)
    {
        Array.Clear(_last);
        (int Column, long Row)? trained = FillPart(first, borders.Validation);
        (int Column, long Row)? validated = FillPart(first + borders.Validation, borders.Validated);
        (int Column, long Row)? tested = FillPart(first + borders.Test, borders.Tested);
        return trained ?? validated ?? tested;
    }

    private (int Column, long Row)? FillPart(long first, long rows)
    {
        (int Column, long Row)? unfilled = null;
        table.Scan(first, rows, (start, block) =>
        {
            for (int at = 0; at < block.Length; at++)
            {
                (long offset, int column) = (at / table.Width, at % table.Width);
                long row = start + offset;
                if (float.IsNaN(block[at]))
                {
                    if (_last[column] is not var (_, before))
                        unfilled ??= (column, row);
                    else if (kind == MissingValues.Forward)
                        table.Write(row, [before], column);
                    continue;
                }

                if (kind == MissingValues.Interpolate && _last[column] is var (from, value))
                    Interpolate(column, from, value, row, block[at]);
                _last[column] = (row, block[at]);
            }
        });
        if (kind == MissingValues.Interpolate)
            FillEnds(first + rows);
        return unfilled;
    }

    private void Interpolate(int column, long from, float before, long to, float after)
    {
        for (long row = from + 1; row < to; row++)
            table.Write(row, [(float)(before + ((double)after - before) * (row - from) / (to - from))], column);
    }

    private void FillEnds(long end)
    {
        for (int column = 0; column < _last.Length; column++)
        {
            if (_last[column] is not var (from, value))
                continue;
            for (long row = from + 1; row < end; row++)
                table.Write(row, [value], column);
            _last[column] = (end - 1, value);
        }
    }
}

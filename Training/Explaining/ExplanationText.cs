using System.Globalization;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Explaining;

/// <summary>What is behind a step in words, for a console and for a page.</summary>
public static class ExplanationText
{
    /// <summary>What a lane was trained on: rows of a file, where they are known; else time steps of its sequence.</summary>
    public static string Of(RunSpec spec, LaneExplanation lane)
    {
        ArgumentNullException.ThrowIfNull(lane);
        var chunk = lane.Figures.Chunk;
        return Place(spec, lane.Rows, lane.Times, chunk.Start + chunk.Uncounted, chunk.Length - chunk.Uncounted);
    }

    /// <summary>The same of a part of a lane's chunk.</summary>
    public static string Of(RunSpec spec, PieceExplanation piece)
    {
        ArgumentNullException.ThrowIfNull(piece);
        return Place(spec, piece.Rows, piece.Times, piece.Figures.Start, piece.Figures.Length);
    }

    /// <summary>The rows with the largest part in the step's gradient.</summary>
    public static string Conclusion(RunSpec spec, StepExplanation step)
    {
        ArgumentNullException.ThrowIfNull(step);
        if (step.Lanes.Count == 0)
            return "no lane had work in this step";
        var lane = step.Lanes[0];
        var worst = lane.Pieces.OrderByDescending(piece => double.IsFinite(piece.Figures.GradientNorm)
            ? piece.Figures.GradientNorm : double.PositiveInfinity).ThenBy(piece => piece.Figures.Start).FirstOrDefault();
        string place = worst is null ? Of(spec, lane) : Of(spec, worst);
        return $"largest part: lane {lane.Figures.Lane}, sequence {lane.Figures.Chunk.Sequence + 1}, {place}";
    }

    /// <summary>A figure's ratio to the median of the steps around: <c>3.2 times the median of 10 steps around it</c>.</summary>
    /// <returns>Empty where there are no steps around.</returns>
    public static string Compared(double value, double usual, int around)
    {
        if (around == 0)
            return "";
        string times = usual > 0 ? $"{(value / usual).ToString("G3", CultureInfo.InvariantCulture)} times" : "against";
        return $"{times} the median of {around} steps around it";
    }

    private static string Place(RunSpec spec, SourceRows? rows, (string First, string Last)? times, int start, int length)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var source = spec.Data.Source;
        string when = times is var (first, last) ? $" ({first} to {last})" : "";
        if (rows is not { } found)
            return $"time steps {Count(start + 1)} to {Count(start + length)}{when}";
        string noun = source is TableSource ? "rows" : source.Word == "bytes" ? "bytes" : "positions";
        string file = source.Paths is [var only] ? $" of {Path.GetFileName(only)}" : "";
        string series = found.Series is { } name ? $" of series {name}" : "";
        return $"{noun} {Count(found.First)} to {Count(found.Last)}{series}{file}{when}";
    }

    private static string Count(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}

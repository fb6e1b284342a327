using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>The words of the keys of tables.</summary>
internal static class TableWords
{
    /// <summary>Whose statistics standardise.</summary>
    public static IReadOnlyList<Word<TableScale>> Scales { get; } =
    [
        new("column", TableScale.Column, "those of the column"),
        new("series", TableScale.Series, "those of the column in the row's series"),
        new("none", TableScale.None, "none: values stay as they are"),
    ];

    /// <summary>What becomes of missing cells.</summary>
    public static IReadOnlyList<Word<MissingValues>> Policies { get; } =
    [
        new("refuse", MissingValues.Refuse, "they are refused"),
        new("mask", MissingValues.Mask,
            "as an input 0, with a further input that is 1 where the cell has a value and 0 where not; as a target left out of the loss"),
        new("forward", MissingValues.Forward, "the last value before"),
        new("interpolate", MissingValues.Interpolate, "on the straight line between the values around"),
    ];

    /// <summary>What is made of a column's values.</summary>
    public static IReadOnlyList<Word<ColumnTransform>> Transforms { get; } =
    [
        new("log", ColumnTransform.Log, "the natural logarithm of values greater than 0"),
        new("log1p", ColumnTransform.Log1P, "ln(1 + x) of values greater than -1"),
        new("difference", ColumnTransform.Difference, "the value less that of the row above, of the same series"),
    ];
}

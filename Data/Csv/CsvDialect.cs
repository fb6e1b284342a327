namespace Orleans.Tbptt.Data.Csv;

/// <summary>How the rows of a CSV file are written: what the spec says, and else what the first lines show.</summary>
/// <param name="Separator">Between cells; a space stands for any number of blanks.</param>
/// <param name="Decimal">In front of the decimals of a number.</param>
/// <param name="Thousands">Between groups of three digits; NUL for none.</param>
/// <param name="Comment">What lines begin with that are passed over; NUL for none.</param>
/// <param name="HeaderRows">Rows of names below each other; 0 where columns are c1, c2, ….</param>
internal sealed record CsvDialect(char Separator, char Decimal, char Thousands, char Comment, int HeaderRows)
{
    /// <summary>
    /// Whether the spec or a number with decimals says what stands in front of them; otherwise what follows may say it. Default true.
    /// </summary>
    public bool HasDecimals { get; init; } = true;

    /// <summary>The name of a separator, as messages have it.</summary>
    public static string NameOf(char separator) => separator switch
    {
        '\t' => "tabs",
        ' ' => "blanks",
        ';' => "semicolons",
        '|' => "'|'",
        _ => "commas",
    };

    /// <summary>The word of a separator in the spec.</summary>
    public static string WordOf(char separator) => separator switch
    {
        '\t' => "tab",
        ' ' => "blanks",
        ';' => "semicolon",
        '|' => "pipe",
        _ => "comma",
    };
}

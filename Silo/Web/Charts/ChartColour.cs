namespace Orleans.Tbptt.Silo.Web.Charts;

/// <summary>
/// A colour of a series: a class whose colour the page's style sheet sets for each colour scheme, and the light scheme's colour for
/// downloads.
/// </summary>
/// <param name="Class">The class.</param>
/// <param name="Light">The colour in the light scheme.</param>
internal sealed record ChartColour(string Class, string Light)
{
    private static readonly ChartColour[] Palette =
    [
        new("s0", "#2f6fe0"), new("s1", "#c2570c"), new("s2", "#14804a"), new("s3", "#b0398f"),
        new("s4", "#0f8a8a"), new("s5", "#8a4fd0"), new("s6", "#8a6d00"), new("s7", "#5b6b7f"),
    ];

    /// <summary>How many colours tell series apart; beyond these, dashes do.</summary>
    public static int Count => Palette.Length;

    /// <summary>The values as they are, drawn behind their smoothed line.</summary>
    public static ChartColour Raw { get; } = new("raw", "#b9ccf1");

    /// <summary>Validation.</summary>
    public static ChartColour Validation => Palette[3];

    /// <summary>The colour of a series, by its index.</summary>
    public static ChartColour Of(int index) => Palette[index % Palette.Length];
}

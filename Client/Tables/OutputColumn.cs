namespace Orleans.Tbptt.Client.Tables;

/// <summary>A column of a table that is written; one of the four functions gives its values.</summary>
/// <param name="Name">Its name.</param>
internal sealed record OutputColumn<T>(string Name)
{
    /// <summary>Whole numbers.</summary>
    public Func<T, long>? Whole { get; init; }

    /// <summary>Numbers; NaN where a row has none.</summary>
    public Func<T, double>? Number { get; init; }

    /// <summary>Times.</summary>
    public Func<T, DateTimeOffset>? Time { get; init; }

    /// <summary>Texts.</summary>
    public Func<T, string>? Text { get; init; }
}

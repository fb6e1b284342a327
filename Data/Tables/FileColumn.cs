namespace Orleans.Tbptt.Data.Tables;

/// <summary>What the cells of a column are.</summary>
public enum ColumnContent
{
    /// <summary>Only the cells themselves show it, as in a CSV file.</summary>
    Unknown,

    /// <summary>Numbers.</summary>
    Number,

    /// <summary>Points in time.</summary>
    Time,

    /// <summary>Texts.</summary>
    Text,
}

/// <summary>A column of a file, as far as its format describes it.</summary>
/// <param name="Name">Its name; empty for one without.</param>
/// <param name="Kind">What its cells are.</param>
public sealed record FileColumn(string Name, ColumnContent Kind);

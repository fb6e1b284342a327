namespace Orleans.Tbptt.Data.Tables;

/// <summary>Whose statistics standardise the values of a table.</summary>
public enum TableScale
{
    /// <summary>Those of the column over all rows to train on.</summary>
    Column,

    /// <summary>Those of the column over the rows of the same series.</summary>
    Series,

    /// <summary>None: values stay as they are.</summary>
    None,
}

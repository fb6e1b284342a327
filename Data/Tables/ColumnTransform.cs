namespace Orleans.Tbptt.Data.Tables;

/// <summary>What is made of the values of a column, in float64, before they are standardised.</summary>
public enum ColumnTransform
{
    /// <summary>The natural logarithm.</summary>
    Log,

    /// <summary>The natural logarithm of 1 + x.</summary>
    Log1P,

    /// <summary>The difference from the row above, of the same series.</summary>
    Difference,
}

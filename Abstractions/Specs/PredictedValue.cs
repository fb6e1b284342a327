namespace Orleans.Tbptt.Specs;

/// <summary>What makes a number of an output of the head.</summary>
public enum OutputLink
{
    /// <summary>Nothing: it is the number.</summary>
    Identity,

    /// <summary>ln(1 + e^output), which is positive.</summary>
    Softplus,

    /// <summary>1 / (1 + e^−output), a probability.</summary>
    Sigmoid,
}

/// <summary>How a predicted number goes back to the units of the data, when a value x becomes a·x + b there.</summary>
public enum PredictedUnits
{
    /// <summary>As a value: a·x + b, and through the inverse of a logarithm.</summary>
    Value,

    /// <summary>As a difference of values, such as a standard deviation: |a|·x. A logarithm has no way back for it.</summary>
    Spread,

    /// <summary>It has no units, as a number of degrees of freedom: x.</summary>
    None,
}

/// <summary>One of the numbers that are predicted of a target, made of one output of the head.</summary>
/// <param name="Suffix">What stands behind the target's name to name it, such as <c>_q0.9</c>; empty for the target itself.</param>
/// <param name="Units">How it goes back to the units of the data.</param>
/// <param name="Link">What makes it of the output. Default the output itself.</param>
/// <param name="Least">What is added to that: with a link that is positive, its lower bound. Default 0.</param>
/// <param name="AddsToPrevious">Whether the number before it, of the same target, is added. Default false.</param>
public sealed record PredictedValue(
    string Suffix, PredictedUnits Units, OutputLink Link = OutputLink.Identity, double Least = 0, bool AddsToPrevious = false)
{
    /// <summary>The target itself.</summary>
    public static IReadOnlyList<PredictedValue> Target { get; } = [new("", PredictedUnits.Value)];

    /// <summary>Its name.</summary>
    /// <param name="target">The target's name.</param>
    public string NameOf(string target) => $"{target}{Suffix}";
}

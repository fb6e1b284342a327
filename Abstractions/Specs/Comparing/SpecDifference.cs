namespace Orleans.Tbptt.Specs.Comparing;

/// <summary>A key with different values in two specs; null where a spec lacks it.</summary>
/// <param name="Key">The key's path: <c>train.optimizer.lr</c>.</param>
/// <param name="A">The first spec's value.</param>
/// <param name="B">The second spec's value.</param>
public sealed record SpecDifference(string Key, string? A, string? B)
{
    /// <summary>Every key in which two specs differ, in their order.</summary>
    /// <param name="a">The text of the first.</param>
    /// <param name="b">The text of the second.</param>
    public static IReadOnlyList<SpecDifference> Between(string a, string b)
    {
        var (first, second) = (SpecKeys.Of(a), SpecKeys.Of(b));
        return [.. first.Keys.Concat(second.Keys.Except(first.Keys))
            .Select(key => new SpecDifference(key, first.GetValueOrDefault(key), second.GetValueOrDefault(key)))
            .Where(one => one.A != one.B)];
    }
}

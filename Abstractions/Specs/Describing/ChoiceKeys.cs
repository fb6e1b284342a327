using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Specs.Describing;

/// <summary>The values of a choice's own keys, by name.</summary>
public static class ChoiceKeys
{
    /// <summary>Those that are numbers.</summary>
    public static IReadOnlyDictionary<string, double> Numbers(Choice choice) =>
        DescribingWalk.Of(choice).Where(key => key.Value is not null)
            .ToDictionary(key => key.Name, key => key.Value!.Value, StringComparer.Ordinal);
}

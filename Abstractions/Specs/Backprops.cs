namespace Orleans.Tbptt.Specs;

/// <summary>Every reach of the gradient that a spec can name; the first is the default.</summary>
public static class Backprops
{
    /// <summary>The list.</summary>
    public static IReadOnlyList<BackpropSpec> All { get; } = [new ChunkBackprop(), new FullBackprop(), new WindowBackprop()];
}

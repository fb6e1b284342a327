namespace Orleans.Tbptt.Specs;

/// <summary>A spec as somebody wrote it: what a client submits, and what the spec's reader takes.</summary>
/// <param name="Text">YAML, of which JSON is a part.</param>
/// <param name="FileName">The name in messages; without folder and extension, the run's name when the spec gives none.</param>
/// <param name="Directory">What relative paths are relative to.</param>
[GenerateSerializer, Immutable, Alias("tbptt.SpecText")]
public sealed record SpecText([property: Id(0)] string Text, [property: Id(1)] string FileName, [property: Id(2)] string Directory)
{
    /// <summary>
    /// Options such as <c>train.optimizer.lr=3e-3</c>, applied in order before anything is checked. The value is YAML, so lists and
    /// sections work; an empty value, or <c>null</c>, removes the key: <c>tbptt.chunkLength=</c>.
    /// </summary>
    [Id(3)] public IReadOnlyList<string> Sets { get; init; } = [];
}

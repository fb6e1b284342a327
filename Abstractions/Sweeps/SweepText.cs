using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Sweeps;

/// <summary>A sweep as somebody wrote it, with the text of the spec that it names: what a client submits.</summary>
/// <param name="Sweep">The sweep's file.</param>
/// <param name="Base">The file that its key <c>spec</c> names; null where the spec stands in the sweep's file.</param>
[GenerateSerializer, Immutable, Alias("tbptt.SweepText")]
public sealed record SweepText([property: Id(0)] SpecText Sweep, [property: Id(1)] SpecText? Base);

/// <summary>A sweep that was read.</summary>
/// <param name="Spec">The sweep; null when there are problems.</param>
/// <param name="Problems">The mistakes, each with its place.</param>
/// <param name="Written">What was read.</param>
public sealed record SweepDocument(SweepSpec? Spec, IReadOnlyList<SpecProblem> Problems, SweepText Written);

using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Client.Specs;

/// <summary>Reads a spec and holds it against the data it names.</summary>
internal interface ISpecChecker
{
    /// <summary>Reads, checks and resolves.</summary>
    /// <param name="specPath">The spec's file.</param>
    /// <param name="sets"><c>key=value</c> pairs that take the place of what the file says.</param>
    /// <exception cref="SpecException">There are problems; all of them, each with its location.</exception>
    CheckedSpec Check(string specPath, IReadOnlyList<string> sets);

    /// <summary>Reads and checks a spec by itself: its data may be where the silos are, and not here.</summary>
    /// <param name="specPath">The spec's file.</param>
    /// <param name="sets"><c>key=value</c> pairs that take the place of what the file says.</param>
    /// <returns>A document with a spec.</returns>
    /// <exception cref="SpecException">There are problems; all of them, each with its location.</exception>
    SpecDocument Read(string specPath, IReadOnlyList<string> sets);
}

/// <summary>A spec that is fit to be trained on.</summary>
/// <param name="Document">Where its keys stand.</param>
/// <param name="Spec">The spec, with every size that the data tell filled in.</param>
/// <param name="StepsPerEpoch">Steps of one epoch.</param>
internal sealed record CheckedSpec(SpecDocument Document, RunSpec Spec, long StepsPerEpoch);

/// <summary>What the data tell about a spec.</summary>
/// <param name="Spec">The spec, with its sizes filled in.</param>
/// <param name="StepsPerEpoch">Steps of one epoch.</param>
internal sealed record ResolvedSpec(RunSpec Spec, long StepsPerEpoch);

/// <summary>Checks with a loader and with the data.</summary>
/// <param name="load">Reads a spec file; what is wrong with it is part of the answer.</param>
/// <param name="resolve">Opens the data of a spec, checks that everything fits, closes them; throws <see cref="SpecException"/> where it does not.</param>
internal sealed class SpecChecker(Func<string, IReadOnlyList<string>, SpecDocument> load, Func<RunSpec, ResolvedSpec> resolve) : ISpecChecker
{
    /// <inheritdoc/>
    public CheckedSpec Check(string specPath, IReadOnlyList<string> sets)
    {
        var document = Read(specPath, sets);
        try
        {
            var resolved = resolve(document.Spec!);
            return new(document, resolved.Spec, resolved.StepsPerEpoch);
        }
        catch (SpecException exception)
        {
            throw new SpecException([.. exception.Problems.Select(document.Locate)]);
        }
    }

    /// <inheritdoc/>
    public SpecDocument Read(string specPath, IReadOnlyList<string> sets)
    {
        var document = load(specPath, sets);
        return document.Spec is null ? throw new SpecException(document.Problems) : document;
    }
}

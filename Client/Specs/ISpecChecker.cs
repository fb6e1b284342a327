using Orleans.Tbptt.Descriptions;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training;

namespace Orleans.Tbptt.Client.Specs;

/// <summary>Reads a spec and checks it against its data.</summary>
internal interface ISpecChecker
{
    /// <summary>Reads, checks and resolves.</summary>
    /// <param name="specPath">The spec's file.</param>
    /// <param name="sets"><c>key=value</c> pairs that override values of the file.</param>
    /// <param name="fingerprint">Whether to hash every file.</param>
    /// <exception cref="SpecException">The spec or its data have problems; lists all of them, each with its location.</exception>
    CheckedSpec Check(string specPath, IReadOnlyList<string> sets, bool fingerprint = false);

    /// <summary>Reads, checks and resolves a spec that no file has.</summary>
    /// <inheritdoc cref="Check(string, IReadOnlyList{string}, bool)"/>
    CheckedSpec Check(SpecText text);

    /// <summary>Reads and checks a spec that no file has, without its data.</summary>
    /// <inheritdoc cref="Read(string, IReadOnlyList{string})"/>
    SpecDocument Read(SpecText text);

    /// <summary>Reads and checks a spec without its data, which may exist on the silos' machines only.</summary>
    /// <param name="specPath">The spec's file.</param>
    /// <param name="sets"><c>key=value</c> pairs that override values of the file.</param>
    /// <returns>A document with a spec.</returns>
    /// <exception cref="SpecException">The spec or its data have problems; lists all of them, each with its location.</exception>
    SpecDocument Read(string specPath, IReadOnlyList<string> sets);
}

/// <summary>A spec that can be trained.</summary>
/// <param name="Document">The spec's text, with the positions of its keys.</param>
/// <param name="Spec">The spec, with the sizes that its data determine filled in.</param>
/// <param name="Data">What it reads; without files where nobody asked for their hashes.</param>
internal sealed record CheckedSpec(SpecDocument Document, RunSpec Spec, RunData Data)
{
    /// <summary>What it reads.</summary>
    public DataDescription Description => Data.Description!;

    /// <summary>Steps of one epoch.</summary>
    public long StepsPerEpoch => Description.Lanes.StepsPerEpoch;
}

/// <summary>A spec completed from its data.</summary>
/// <param name="Spec">The spec, with the sizes that its data determine filled in.</param>
/// <param name="Data">What it reads; without files where nobody asked for their hashes.</param>
internal sealed record ResolvedSpec(RunSpec Spec, RunData Data);

/// <summary>Checks with a loader and with the data.</summary>
/// <param name="load">Reads a spec file; returns its problems with the document.</param>
/// <param name="resolve">
/// Checks a spec against its data, and hashes their files if it is asked to; throws <see cref="SpecException"/> where they do not fit.
/// </param>
internal sealed class SpecChecker(Func<string, IReadOnlyList<string>, SpecDocument> load,
    Func<RunSpec, bool, ResolvedSpec> resolve) : ISpecChecker
{
    /// <inheritdoc/>
    public CheckedSpec Check(string specPath, IReadOnlyList<string> sets, bool fingerprint = false) =>
        Resolved(Read(specPath, sets), fingerprint);

    /// <inheritdoc/>
    public CheckedSpec Check(SpecText text) => Resolved(Read(text), fingerprint: false);

    /// <inheritdoc/>
    /// <exception cref="ClientException">The file is data.</exception>
    public SpecDocument Read(string specPath, IReadOnlyList<string> sets)
    {
        DataGivenAsSpec.Refuse(specPath);
        return Sound(load(specPath, sets));
    }

    /// <inheritdoc/>
    public SpecDocument Read(SpecText text) => Sound(SpecLoader.Parse(text));

    private static SpecDocument Sound(SpecDocument document) =>
        document.Spec is null ? throw new SpecException(document.Problems) : document;

    private CheckedSpec Resolved(SpecDocument document, bool fingerprint)
    {
        try
        {
            var resolved = resolve(document.Spec!, fingerprint);
            return new(document, resolved.Spec, resolved.Data);
        }
        catch (SpecException exception)
        {
            throw new SpecException([.. exception.Problems.Select(document.Locate)]);
        }
    }
}

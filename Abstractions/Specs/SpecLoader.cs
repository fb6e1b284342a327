using Orleans.Tbptt.Specs.Reading;

namespace Orleans.Tbptt.Specs;

/// <summary>
/// Reads run specs: YAML 1.2 (core schema; no anchors, tags or second documents) or JSON, and <c>--set</c> options on top.
/// Tells every mistake at once, in the order of the document, each with its place.
/// </summary>
public static class SpecLoader
{
    /// <summary>Reads a spec file. A file that is missing or cannot be read is a problem, too, not an exception.</summary>
    /// <param name="path">The file; relative paths in it are relative to its directory.</param>
    /// <param name="sets">As for <see cref="Parse"/>.</param>
    public static SpecDocument Load(string path, IReadOnlyList<string> sets)
    {
        try
        {
            string text = SpecText.ReadFile(path, new Place(path, 1, 1, 0));
            return Parse(text, path, Path.GetDirectoryName(Path.GetFullPath(path)) ?? path, sets);
        }
        catch (UnreadableException error)
        {
            return new SpecDocument(null, [error.Problem with { Location = Show.Clean(path, 300) }], new Dictionary<string, string>(), path);
        }
    }

    /// <summary>Reads the text of a spec.</summary>
    /// <param name="text">YAML, or JSON when the name ends in <c>.json</c> or the text begins with a brace.</param>
    /// <param name="fileName">The name in messages; without folder and extension, the run's name when the spec gives none.</param>
    /// <param name="baseDirectory">What relative paths are relative to.</param>
    /// <param name="sets">
    /// Options such as <c>train.optimizer.lr=3e-3</c>, applied in order before anything is checked. The value is YAML, so lists and
    /// sections work; an empty value, or <c>null</c>, takes the key out: <c>tbptt.chunkLength=</c>.
    /// </param>
    /// <param name="filesMustExist">
    /// Whether a csv, npy or weights file that is not there is a problem, and a glob with other wildcards than <c>*</c>; false to read
    /// the spec of a run that has begun already.
    /// </param>
    public static SpecDocument Parse(
        string text, string fileName, string baseDirectory, IReadOnlyList<string> sets, bool filesMustExist = true)
    {
        try
        {
            (MapNode root, Findings findings) = SpecText.Parse(text, fileName);
            Overrides.Apply(root, sets, findings);
            findings.Index(root);
            var binder = new SpecBinder(findings, new SpecPaths(baseDirectory, filesMustExist), fileName);
            RunSpec spec = binder.Bind(root);
            var locations = findings.Places.ToDictionary(place => place.Key, place => place.Value.Text, StringComparer.Ordinal);
            return new SpecDocument(findings.Any ? null : spec, findings.InOrder(), locations, fileName);
        }
        catch (UnreadableException error)
        {
            return new SpecDocument(
                null, [error.Problem with { Location = error.Place.Text }], new Dictionary<string, string>(), fileName);
        }
    }
}

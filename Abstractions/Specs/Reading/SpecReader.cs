namespace Orleans.Tbptt.Specs.Reading;

/// <summary>
/// Reads run specs: YAML 1.2 (core schema; no anchors, tags or second documents), of which JSON is a part, and <c>--set</c> options on top.
/// Reports every mistake at once, in the order of the document, each with its place.
/// </summary>
/// <param name="choices">What a spec can choose from.</param>
public sealed class SpecReader(SpecChoices choices)
{
    private readonly SpecSections _sections = new(choices);

    /// <summary>Reads a spec file. A file that is missing or cannot be read is a problem, too, not an exception.</summary>
    /// <param name="path">The file; relative paths in it are relative to its directory.</param>
    /// <param name="sets">As in <see cref="SpecText.Sets"/>.</param>
    public SpecDocument Load(string path, IReadOnlyList<string> sets)
    {
        var text = new SpecText("", path, "/") { Sets = sets };
        try
        {
            string written = SpecTree.ReadFile(path, new Place(path, 1, 1, 0));
            string full = Path.GetFullPath(path);
            return Parse(text with { Text = written, Directory = Path.GetDirectoryName(full) ?? full });
        }
        catch (UnreadableException error)
        {
            return SpecDocument.Unreadable(error.Problem with { Location = Show.Clean(path, 300) }, text);
        }
    }

    /// <summary>Reads the text of a spec.</summary>
    /// <param name="text">The text, and what it is read with.</param>
    /// <param name="filesMustExist">
    /// Whether a csv, npy or weights file that does not exist is a problem, and a glob with other wildcards than <c>*</c>; false to read
    /// the spec of a run that has begun already, or one whose files are opened next.
    /// </param>
    public SpecDocument Parse(SpecText text, bool filesMustExist = true)
    {
        try
        {
            (MapNode root, Findings findings) = SpecTree.Parse(text.Text, text.FileName);
            Overrides.Apply(root, text.Sets, findings);
            SpecTree.Index(root, "", findings.Places);
            var section = new SectionReader(root, "", findings, new SpecPaths(text.Directory, filesMustExist));
            RunSpec spec = _sections.Walk(section, _sections.Blank(TextForms.DefaultName(text.FileName)));
            section.ReportUnknown();
            if (!IsWritten(root, "train", "trainers"))
                spec = spec with { Train = spec.Train with { Trainers = spec.Train.FirstTrainers } };
            CrossChecks.Run(spec, choices, findings);
            var locations = findings.Places.ToDictionary(place => place.Key, place => place.Value.Text, StringComparer.Ordinal);
            return new SpecDocument(findings.Any ? null : spec, findings.InOrder(), locations, text);
        }
        catch (UnreadableException error)
        {
            return SpecDocument.Unreadable(error.Problem with { Location = error.Place.Text }, text);
        }
    }

    private static bool IsWritten(MapNode root, string section, string key) =>
        root.Entries.TryGetValue(section, out var entry) && entry.Value is MapNode map
        && map.Entries.TryGetValue(key, out var written) && written.Value is not ScalarNode { IsNull: true };
}

using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Data.Files;

/// <summary>Which two states of a run's data are compared.</summary>
public enum DataComparison
{
    /// <summary>The data of the coordinator's silo and of another silo, at the same time.</summary>
    BetweenSilos,

    /// <summary>The data now and when the run began.</summary>
    SinceTheRunBegan,
}

/// <summary>Compares the files of a run as found by two silos, or by one silo at two times.</summary>
public static class DataFingerprint
{
    private const int ShownDigits = 12;
    private const string Changed = "the data changed since the run began: restore the files, or start a new run";

    /// <summary>
    /// The difference as text; null when there is none. Files are compared by position, length and hash: the same content may have
    /// a different path on another silo.
    /// </summary>
    /// <param name="expected">The files that the run trains on.</param>
    /// <param name="found">The files now, or on this silo.</param>
    /// <param name="comparison">Which states are compared; determines the remedy.</param>
    public static string? Compare(
        IReadOnlyList<DataFile> expected, IReadOnlyList<DataFile> found, DataComparison comparison = DataComparison.BetweenSilos)
    {
        if (comparison == DataComparison.SinceTheRunBegan && HiddenFiles.OnlyIn(expected, found) is [var hidden, ..] all)
        {
            return $"data: found {Wording.Count(found.Count, "file")} without {Wording.Count(all.Count, "hidden file")} such as "
                + $"'{hidden.Path}', which the release that began the run read, and for which no wildcard stands any more, expected "
                + $"{expected.Count}; start a new run, whose glob names what it needs of them ('**/.*' those with a dot), or resume this "
                + "one with that release";
        }

        if (expected.Count != found.Count)
        {
            string? one = FirstOnlyIn(expected, found) is { } missing ? $", '{missing}' is missing"
                : FirstOnlyIn(found, expected) is { } added ? $", '{added}' is new" : "";
            return $"data: found {Wording.Count(found.Count, "file")}{one}, expected {expected.Count}; {Meaning(comparison)}";
        }

        int[] unlike = [.. Enumerable.Range(0, expected.Count).Where(i => !SameContent(expected[i], found[i]))];
        if (unlike.Length == 0)
            return null;
        (DataFile then, DataFile now) = (expected[unlike[0]], found[unlike[0]]);
        string others = unlike.Length == 1 ? "" : $", and {unlike.Length - 1} more of {expected.Count} files";
        string path = then.Path == now.Path ? "" : $" ('{then.Path}')";
        return $"data file '{now.Path}': found {Show(now)}, expected {Show(then)}{path}{others}; {Meaning(comparison)}";
    }

    /// <summary>
    /// The first file that is not what it was, in words; null when there is none. Reads the files as they are, so that it answers also
    /// where they can no longer be opened as data.
    /// </summary>
    /// <param name="files">The files as they were.</param>
    /// <param name="roots">Where files may lie.</param>
    /// <param name="followed">Which of them may have more behind what was read of it; negative for none.</param>
    public static string? FindChange(IReadOnlyList<DataFile> files, DataRoots roots, int followed = -1)
    {
        foreach (var (index, then) in files.Index())
        {
            try
            {
                if (roots.Admit(DataKeys.Source, then.Path, new()) is not { } real)
                    continue;
                if (FileStamp.Of(real, out FileKind kind) is var stamp && kind != FileKind.Regular)
                {
                    string found = kind == FileKind.None ? "nothing" : "no file";
                    return $"data file '{then.Path}': found {found}, expected {Show(then)}; {Changed}";
                }

                if (index == followed)
                {
                    if (FollowedFile.FindRewritten(then, then with { Length = stamp.Length }, real) is { } rewritten)
                        return rewritten;
                    continue;
                }

                (long length, string sha256) = stamp.Length == then.Length ? FileHash.Of(real) : (stamp.Length, "");
                if (length != then.Length)
                    return $"data file '{then.Path}': found {Wording.Count(length, "byte")}, expected {Show(then)}; {Changed}";
                if (sha256 != then.Sha256)
                    return $"data file '{then.Path}': found {Show(new(then.Path, length, sha256))}, expected {Show(then)}; {Changed}";
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                return $"data file '{then.Path}': {error.Message}; expected {Show(then)}; {Changed}";
            }
        }

        return null;
    }

    /// <summary>The first digits of a hash, enough to distinguish two.</summary>
    internal static string Short(string sha256) => sha256.Length <= ShownDigits ? sha256 : sha256[..ShownDigits];

    private static bool SameContent(DataFile one, DataFile other) =>
        one.Length == other.Length && string.Equals(one.Sha256, other.Sha256, StringComparison.Ordinal);

    private static string? FirstOnlyIn(IReadOnlyList<DataFile> some, IReadOnlyList<DataFile> others)
    {
        HashSet<string> known = [.. others.Select(file => file.Sha256)];
        return some.FirstOrDefault(file => !known.Contains(file.Sha256))?.Path;
    }

    private static string Show(DataFile file) => $"{Wording.Count(file.Length, "byte")} with SHA-256 {Short(file.Sha256)}";

    private static string Meaning(DataComparison comparison) => comparison switch
    {
        DataComparison.BetweenSilos =>
            "the silos do not see the same data: provide the same files to all of them under the paths of the spec",
        _ => Changed,
    };
}

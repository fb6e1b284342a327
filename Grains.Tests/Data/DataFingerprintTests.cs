using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Tests.Data;

public sealed class DataFingerprintTests
{
    private static readonly DataFile A = new("/a", 3, new('a', 64)), B = new("/b", 5, new('b', 64)), C = new("/c", 5, new('c', 64));

    [Fact]
    public void Files_AreTheSame_UnderOtherPaths() =>
        Assert.Null(DataFingerprint.Compare([A, B], [A with { Path = "/mnt/a" }, B with { Path = "/mnt/b" }]));

    [Fact]
    public void Difference_NamesTheFile_BothLengthsAndBothHashes()
    {
        Assert.Equal(
            "data file '/c': found 5 bytes with SHA-256 cccccccccccc, expected 5 bytes with SHA-256 bbbbbbbbbbbb ('/b'); "
            + "the silos do not see the same data: provide the same files to all of them under the paths of the spec",
            DataFingerprint.Compare([A, B], [A, C]));
        Assert.Equal(
            "data file '/a': found 4 bytes with SHA-256 aaaaaaaaaaaa, expected 3 bytes with SHA-256 aaaaaaaaaaaa, and 1 more of 2 files; "
            + "the data changed since the run began: restore the files, or start a new run",
            DataFingerprint.Compare([A, B], [A with { Length = 4 }, B with { Length = 1 }], DataComparison.SinceTheRunBegan));
    }

    [Fact]
    public void Difference_IsReported_WhenTheSameFilesComeInAnotherOrder() =>
        Assert.StartsWith("data file '/b': found 5 bytes", DataFingerprint.Compare([A, B], [B, A]), StringComparison.Ordinal);

    [Fact]
    public void Difference_NamesWhatIsMissingOrNew_WhenAGlobMatchesAnotherNumberOfFiles()
    {
        Assert.StartsWith("data: found 1 file, '/b' is missing, expected 2; the silos", DataFingerprint.Compare([A, B], [A]),
            StringComparison.Ordinal);
        Assert.StartsWith("data: found 2 files, '/b' is new, expected 1; the silos", DataFingerprint.Compare([A], [A, B]),
            StringComparison.Ordinal);
        Assert.StartsWith("data: found 2 files, expected 1; the silos", DataFingerprint.Compare([A], [A, A]), StringComparison.Ordinal);
        Assert.StartsWith("data: found 0 files, '/a' is missing, expected 1; the silos", DataFingerprint.Compare([A], []),
            StringComparison.Ordinal);
    }

    /// <summary>Former releases read files that no wildcard stands for any more.</summary>
    [Theory]
    [InlineData("/c/.DS_Store")]
    [InlineData("/c/.git/objects/1")]
    public void Difference_NamesHiddenFiles_ThatAFormerReleaseRead(string path)
    {
        DataFile hidden = new(path, 6, new('d', 64)), a = A with { Path = "/c/a" }, b = B with { Path = "/c/b" };
        Assert.Equal(
            $"data: found 2 files without 1 hidden file such as '{path}', which the release that began the run read, and for which no "
            + "wildcard stands any more, expected 3; start a new run, whose glob names what it needs of them ('**/.*' those with a dot), "
            + "or resume this one with that release",
            DataFingerprint.Compare([hidden, a, b], [a, b], DataComparison.SinceTheRunBegan));
        Assert.Contains("'/c/a' is missing", DataFingerprint.Compare([hidden, a, b], [hidden, b], DataComparison.SinceTheRunBegan),
            StringComparison.Ordinal);
        Assert.Contains("the data changed", DataFingerprint.Compare([hidden, a, b], [a, b with { Length = 1 }],
            DataComparison.SinceTheRunBegan), StringComparison.Ordinal);
    }

    [Fact]
    public void Compare_CopesWithHashesThatAreNone() =>
        Assert.Contains("SHA-256 x,", DataFingerprint.Compare([A with { Sha256 = "" }], [A with { Sha256 = "x" }]),
            StringComparison.Ordinal);
}

using Orleans.Tbptt.Data.Files;

namespace Orleans.Tbptt.Tests.Data.Files;

public sealed class RealPathTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Path_IsFollowedPartByPart_AsTheSystemDoes()
    {
        _directory.Write("real/deep/file", "x");
        Directory.CreateSymbolicLink(_directory.File("absolute"), _directory.File("real/deep"));
        Directory.CreateSymbolicLink(_directory.File("real/relative"), "../absolute");
        File.CreateSymbolicLink(_directory.File("last"), "real/relative/file");

        Assert.Equal(_directory.File("real/deep/file"), RealPath.Of(_directory.File("last")));
        Assert.Equal(_directory.File("real"), RealPath.Of(_directory.File("absolute/..")));
        Assert.Equal(_directory.File("real/deep/not/there"), RealPath.Of(_directory.File("real/./relative//not/there")));
        Assert.Equal("/etc", RealPath.Of("/../../etc"));
    }

    [Fact]
    public void Path_IsRefused_WhenItsLinksGoRound()
    {
        File.CreateSymbolicLink(_directory.File("a"), "b");
        File.CreateSymbolicLink(_directory.File("b"), "a");

        Assert.Contains("more than 40 links", Assert.Throws<IOException>(() => RealPath.Of(_directory.File("a/x"))).Message,
            StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => RealPath.Of("relative"));
    }

    [Theory]
    [InlineData("/data", "/data", true)]
    [InlineData("/data/x", "/data", true)]
    [InlineData("/data/x", "/data/", true)]
    [InlineData("/x", "/", true)]
    [InlineData("/database", "/data", false)]
    [InlineData("/dat", "/data", false)]
    [InlineData("/", "/data", false)]
    public void Below_IsThePartsOfAPath_NotItsLetters(string path, string directory, bool below) =>
        Assert.Equal(below, RealPath.IsBelow(path, directory));
}

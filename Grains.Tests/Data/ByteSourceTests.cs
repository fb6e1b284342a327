using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Bytes;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Data;

public sealed class ByteSourceTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Files_AreOneStream_InOrdinalOrderOfTheirPaths()
    {
        _directory.Write("b/x.cs", "345");
        _directory.Write("a.cs", "012");
        _directory.Write("B.cs", "AB");
        _directory.Write("b/deep/er.cs", "~~");
        _directory.Write("b/empty.cs", "");
        _directory.Write("b/z.txt", "no");
        _directory.Write("b.cs", "xyz");
        using IDataSource source = Given.Open(Given.Bytes(_directory.File("**/*.cs")));
        Assert.Equal(new(0, 256, 0, 256), source.Shape);
        Assert.Equal("AB012xyz~~34", Text(source.Training.Tokens(0)));
        Assert.Equal("B012xyz~~345", Text(source.Training.Classes(0)));
    }

    [Fact]
    public void Rows_AreThoseOfTheReference_ForLanesAndRemainder()
    {
        byte[] bytes = [.. Enumerable.Range(0, 1003).Select(i => (byte)(i * 7 % 256))];
        for (int i = 0; i < 17; i++)
            _directory.Write($"{i:d2}", bytes[(i * 59)..(i * 59 + 59)]);
        using IDataSource source = Given.Open(Given.Bytes(_directory.File("*"), lanes: 5));
        int row = (1003 - 1) / 5;
        Assert.Equal(5, source.Training.Count);
        for (int r = 0; r < 5; r++)
        {
            Assert.Equal(bytes[(r * row)..((r + 1) * row)].Select(b => (long)b), source.Training.Tokens(r));
            Assert.Equal(bytes[((r * row) + 1)..(((r + 1) * row) + 1)].Select(b => (long)b), source.Training.Classes(r));
        }
    }

    [Fact]
    public void Validation_IsTheEndOfTheStream_AllOfIt()
    {
        _directory.Write("x", [.. Enumerable.Range(0, 100).Select(i => (byte)i)]);
        using IDataSource source = Given.Open(Given.Bytes(_directory.File("x"), lanes: 4, fraction: 0.1));
        Assert.Equal(22 * 4, source.Training.Classes(3)[^1]);
        Assert.Equal([3, 2, 2, 2], Enumerable.Range(0, 4).Select(source.Validation!.Length));
        Assert.Equal(Enumerable.Range(91, 9).Select(i => (long)i), Enumerable.Range(0, 4).SelectMany(i => source.Validation!.Classes(i)));
        Assert.Equal(Enumerable.Range(90, 9).Select(i => (long)i), Enumerable.Range(0, 4).SelectMany(i => source.Validation!.Tokens(i)));
    }

    [Fact]
    public void Files_AreLeftOut_WhenAGlobExcludesThem()
    {
        _directory.Write("src/a.cs", "abc");
        _directory.Write("src/obj/b.cs", "xxx");
        _directory.Write("src/lib/obj/c.cs", "yyy");
        _directory.Write("src/d.g.cs", "zzz");
        DataSpec data = Given.Bytes(_directory.File("src/**/*.cs"));
        using IDataSource source =
            Given.Open(data.From<ByteSource>(bytes =>
                bytes with { Exclude = [_directory.File("**/obj/**"), _directory.File("src/*.g.cs")] }));
        Assert.Equal("bc", Text(source.Training.Classes(0)));
    }

    [Theory]
    [InlineData("**/*", "text")]
    [InlineData("**/.*", "store")]
    [InlineData(".git/objects/*", "pack")]
    [InlineData("**/.g*/**/*", "pack")]
    [InlineData(".note.txt", "note")]
    [InlineData("CVS/*", "root")]
    public void HiddenFiles_AreLeftOut_UnlessTheGlobNamesThem(string glob, string expected)
    {
        _directory.Write("a.txt", "text");
        _directory.Write("b/.DS_Store", "store");
        _directory.Write("b/.git/objects/x", "pack");
        _directory.Write(".git/objects/x", "pack");
        _directory.Write("CVS/Root", "root");
        if (glob == ".note.txt")
            _directory.Write(".note.txt", "note");
        using IDataSource source = Given.Open(Given.Bytes(_directory.File(glob)));
        Assert.Equal(expected[..3], Text(source.Training.Tokens(0))[..3]);
    }

    [Fact]
    public void Files_AreCounted_AndNamedForWhatTheyAre()
    {
        _directory.Write("a.txt", "some text");
        _directory.Write(".DS_Store", "x");
        _directory.Write("b.gz", [0x1f, 0x8b, 8, 0]);
        using (IDataSource source = Given.Open(Given.Bytes(_directory.File("*"))))
        {
            Assert.Equal(
                [
                    "13 bytes in 2 files",
                    "left out 1 hidden entry (.DS_Store): a part of the glob that begins with a dot names them",
                    "b.gz is compressed: its bytes are read as they are, not those that it was made of",
                ],
                source.Description.Remarks);
        }

        string pointer = _directory.Write("c.txt", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n");
        Assert.Equal($"data.source: found a pointer of Git LFS in the place of the data: {pointer}, expected the data themselves; fetch "
            + "them by 'git lfs pull'", Given.Problem(Given.Bytes(_directory.File("*"))));
    }

    [Fact]
    public void Source_IsRefused_WhenNothingMatches()
    {
        string glob = _directory.File("**/*.cs");
        Assert.StartsWith($"data.source: found no file that matches '{glob}', expected at least one file", Given.Problem(Given.Bytes(glob)),
            StringComparison.Ordinal);
        Assert.EndsWith($"write '{_directory.Path}/**/*' for all files in that directory", Given.Problem(Given.Bytes(_directory.Path)),
            StringComparison.Ordinal);
        _directory.Write("a.cs", "abc");
        Assert.Contains("and is not excluded", Given.Problem(Given.Bytes(glob).From<ByteSource>(bytes => bytes with { Exclude = [glob] })),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Source_IsRefused_WithFewerBytesThanLanesNeed()
    {
        string path = _directory.Write("a", "0123456789");
        Assert.StartsWith($"data.batchSize: found 10 with 10 bytes in {path}, expected at least 11 bytes",
            Given.Problem(Given.Bytes(path, lanes: 10)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Handles_StayFew_WhileManyThreadsReadManyFiles()
    {
        string[] paths = [.. Enumerable.Range(0, 50).Select(i => _directory.Write($"{i:d2}", [(byte)i, (byte)(i + 1)]))];
        using var cache = new FileHandleCache(paths, capacity: 3);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(thread => Task.Run(() =>
        {
            byte[] two = new byte[2];
            for (int i = 0; i < 2000; i++)
            {
                int file = ((i * 31) + (thread * 7)) % 50;
                cache.Read(file, 0, two);
                Assert.Equal([(byte)file, (byte)(file + 1)], two);
            }
        })));
        if (OperatingSystem.IsLinux())
            Assert.InRange(ThisProcess.OpenFiles().Count(path => path.StartsWith(_directory.Path, StringComparison.Ordinal)), 1, 3);
        cache.Dispose();
        Assert.Throws<ObjectDisposedException>(() => cache.Read(0, 0, new byte[1]));
    }

    [Fact]
    public void Reading_SaysSo_WhenAFileBecameShorter()
    {
        string path = _directory.Write("a", new byte[100]);
        using IDataSource source = Given.Open(Given.Bytes(path));
        File.WriteAllBytes(path, new byte[10]);
        var error = Assert.Throws<IOException>(() => source.Training.ReadInputs(new(0, 50, 1), new long[1]));
        Assert.Contains("became shorter after it was opened", error.Message, StringComparison.Ordinal);
    }

    private static string Text(long[] tokens) => string.Concat(tokens.Select(token => (char)token));
}

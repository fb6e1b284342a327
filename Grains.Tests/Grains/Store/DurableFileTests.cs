using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Store;

public sealed class DurableFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Path => _directory.File("model");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void File_HasTheNewContent_AndNothingLiesNextToIt()
    {
        DurableFile.WriteText(Path, "old");
        DurableFile.WriteText(Path, "new");

        Assert.Equal("new", File.ReadAllText(Path));
        Assert.Equal([Path], Directory.GetFileSystemEntries(_directory.Path));
    }

    [Fact]
    public void File_IsAsItWas_WhenWritingFails()
    {
        DurableFile.WriteText(Path, "old");

        Assert.Throws<IOException>(() => DurableFile.Write(Path, stream =>
        {
            stream.Write("half"u8);
            throw new IOException("no space left on device");
        }));

        Assert.Equal("old", File.ReadAllText(Path));
        Assert.Equal([Path], Directory.GetFileSystemEntries(_directory.Path));
    }

    [Fact]
    public void File_IsWrittenAnew_OverWhatAKilledProcessLeft()
    {
        File.WriteAllText(Path + ".tmp", "a longer text than the new one");

        DurableFile.WriteText(Path, "new");

        Assert.Equal("new", File.ReadAllText(Path));
        Assert.Equal([Path], Directory.GetFileSystemEntries(_directory.Path));
    }

    [Fact]
    public void Write_ReportsTheDirectory_WhenItIsMissing()
    {
        string missing = _directory.File("missing");

        Assert.Contains(missing,
            Assert.ThrowsAny<IOException>(() => DurableFile.WriteText(System.IO.Path.Combine(missing, "x"), "")).Message);
        Assert.SkipUnless(OperatingSystem.IsLinux(), "other systems have no such call");
        Assert.Contains(missing, Assert.ThrowsAny<IOException>(() => DurableFile.FlushDirectory(missing)).Message);
    }
}

using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Data.Files;

/// <summary>What a reader of a file that grows compares of what it has read.</summary>
public sealed class ReadPrefixTests : IDisposable
{
    private const int Blocks = 3;
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    /// <summary>One block a call, in turn: each is compared within as many calls as there are blocks.</summary>
    [Theory]
    [InlineData(5)]
    [InlineData(ReadPrefix.BlockBytes + 7)]
    [InlineData((2 * ReadPrefix.BlockBytes) + 1)]
    public void EarlierBlock_ThatIsRewritten_IsFoundInItsTurn(int at)
    {
        var (prefix, path) = Read(10);
        Assert.False(IsRewritten(prefix, path, 2 * Blocks));

        Overwrite(path, at);

        Assert.True(IsRewritten(prefix, path, Blocks));
    }

    /// <summary>The last part is compared at every call, also where a block ends there.</summary>
    [Theory]
    [InlineData(10)]
    [InlineData(0)]
    public void LastPart_ThatIsRewritten_IsFoundAtOnce(int beyond)
    {
        var (prefix, path) = Read(beyond);

        Overwrite(path, (Blocks * ReadPrefix.BlockBytes) + beyond - 1);

        Assert.True(IsRewritten(prefix, path, 1));
    }

    private (ReadPrefix Prefix, string Path) Read(int beyond)
    {
        string path = _directory.File("growing");
        File.WriteAllBytes(path, [.. Enumerable.Range(0, (Blocks * ReadPrefix.BlockBytes) + beyond).Select(i => (byte)(i % 251))]);
        var prefix = new ReadPrefix();
        using var file = File.OpenHandle(path);
        prefix.Read(file, new FileInfo(path).Length);
        return (prefix, path);
    }

    private static bool IsRewritten(ReadPrefix prefix, string path, int calls)
    {
        using var file = File.OpenHandle(path);
        return Enumerable.Range(0, calls).Any(_ => prefix.IsRewritten(file, prefix.Length, 1));
    }

    private static void Overwrite(string path, int at)
    {
        using var file = File.OpenHandle(path, access: FileAccess.ReadWrite);
        RandomAccess.Write(file, [255], at);
    }
}

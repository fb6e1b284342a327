using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Torch.Native;

namespace Orleans.Tbptt.Tests.Training.Torch;

/// <summary>
/// What a process says that cannot load libtorch. Each case is a separate process: this one has libtorch already, and some of the
/// ways to fail would end it.
/// </summary>
[Slow]
public sealed class LoadFailureTests : IDisposable
{
    private readonly CopiedProgram _program = new();

    public void Dispose() => _program.Dispose();

    [Fact]
    public async Task Initialize_Loads_InACopyOfThisProgram()
    {
        _program.LinkNatives(_ => true);

        Assert.StartsWith("loaded\n", await _program.AnswerAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Initialize_NamesThePackage_WhenThereAreNoNativeLibraries()
    {
        string answer = await RefusalAsync();

        Assert.Contains(" is not installed with this program (libLibTorchSharp.so is in none of ", answer, StringComparison.Ordinal);
        Assert.Contains("keep the folder runtimes/linux-x64/native", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Initialize_RefusesInsteadOfCrashing_WhenTorchSharpsLibraryLiesAwayFromLibtorch()
    {
        _program.LinkNatives(name => name != TorchPackage.LibraryName);
        File.Copy(
            Path.Combine(TorchPackage.OutputFolder, TorchPackage.LibraryName), Path.Combine(_program.Folder, TorchPackage.LibraryName));

        string answer = await RefusalAsync();

        Assert.StartsWith("libtorch is incomplete: libc10.so, libtorch_cpu.so, libtorch.so must be next to ", answer,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Initialize_NamesTheFile_WhenOneThatLibtorchNeedsIsMissing()
    {
        _program.LinkNatives(name => !name.StartsWith("libgomp", StringComparison.Ordinal));

        string answer = await RefusalAsync();

        Assert.Contains("libgomp-98b21ff3.so.1: cannot open shared object file", answer, StringComparison.Ordinal);
        Assert.Contains("belongs to libtorch: build or publish again", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Initialize_SaysThatTheFileIsDamaged_WhenItIsCutShort()
    {
        _program.LinkNatives(name => name != "libtorch_cpu.so");
        using (var whole = File.OpenRead(Path.Combine(TorchPackage.OutputFolder, "libtorch_cpu.so")))
        {
            byte[] start = new byte[40];
            whole.ReadExactly(start);
            await File.WriteAllBytesAsync(
                Path.Combine(_program.NativeFolder, "libtorch_cpu.so"), start, TestContext.Current.CancellationToken);
        }

        Assert.Contains("the file is damaged or built for a different processor", await RefusalAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Initialize_NamesTheOldLibrary_WhenTheRelaxedCopyIsNotUsed()
    {
        _program.LinkNatives(name => name != TorchPackage.LibraryName);
        File.Copy(TorchPackage.Original(), Path.Combine(_program.NativeFolder, TorchPackage.LibraryName));

        string answer = await _program.AnswerAsync();

        Assert.SkipWhen(
            answer.StartsWith("loaded\n", StringComparison.Ordinal), "libstdc++ on this machine is new enough for the package's own file.");
        Assert.Contains("GLIBCXX_3.4.32' not found", answer, StringComparison.Ordinal);
        Assert.Contains("build again with the project's own targets", answer, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', answer);
    }

    [Fact]
    public void Find_RefusesBeforeLoading_OnMusl()
    {
        var refusal = Assert.Throws<EngineUnavailableException>(
            () => TorchLibraries.FindWrapper([TorchPackage.OutputFolder], "linux-musl-x64"));

        Assert.Contains("uses musl", refusal.Message, StringComparison.Ordinal);
    }

    private async Task<string> RefusalAsync()
    {
        string answer = await _program.AnswerAsync();
        Assert.DoesNotContain('\n', answer);
        // TorchSharp gathers 490 MB in such a folder when it is left to look for libtorch by itself.
        Assert.False(Directory.Exists(Path.Combine(_program.Folder, "cpu")));
        return answer;
    }
}

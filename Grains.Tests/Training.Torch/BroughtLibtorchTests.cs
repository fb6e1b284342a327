using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Torch.Native;

namespace Orleans.Tbptt.Tests.Training.Torch;

/// <summary>A process that loads the libtorch of another installation than its own.</summary>
[Slow]
public sealed class BroughtLibtorchTests : IDisposable
{
    private const string Debians = "/usr/lib/python3/dist-packages/torch/lib";
    private readonly CopiedProgram _program = new();

    private string Lib => Path.Combine(_program.Folder, "site-packages", "torch", "lib");

    public void Dispose() => _program.Dispose();

    [Fact]
    public async Task Libtorch_IsTheNamedOne_WithTheSameBits()
    {
        CopiedProgram.Link(TorchPackage.Libtorch(), Lib, _ => true);
        State("2.10.0+cpu");
        _program.LinkNatives(name => name == TorchPackage.LibraryName);

        string[] lines = (await _program.AnswerAsync(Lib)).Split('\n');

        Assert.Equal(["loaded", Path.Combine(TorchPackage.Libtorch(), "libtorch_cpu.so")], [lines[0], lines[2]]);
        NativeBackend.Initialize();
        Assert.Equal(LibtorchProbe.Computed(), lines[1]);
    }

    [Fact]
    public async Task Libtorch_OfAnotherPatch_IsLoadedWithAWarning()
    {
        CopiedProgram.Link(TorchPackage.Libtorch(), Lib, _ => true);
        State("2.10.1+cpu");
        _program.LinkNatives(name => name == TorchPackage.LibraryName);

        string answer = await _program.AnswerAsync(Lib);

        Assert.StartsWith($"loaded, TBPTT_LIBTORCH: {Lib} is libtorch 2.10.1+cpu, expected 2.10.0, ", answer, StringComparison.Ordinal);
    }

    /// <summary>An old PyTorch whose version is stated is refused, and one whose version is not is found out when it is loaded.</summary>
    [Theory]
    [InlineData(
        "1.13.0a0", "is libtorch 1.13.0a0, expected 2.10.0, because TorchSharp cannot work with another one; install PyTorch 2.10.0")]
    [InlineData(null, "undefined symbol: .*; it is not the libtorch that TorchSharp was built against: install PyTorch 2.10.0")]
    public async Task Libtorch_OfAnOldVersion_IsOneErrorAndNoCrash(string? version, string message)
    {
        Assert.SkipUnless(Directory.Exists(Debians), "Debian's python3-torch is not installed on this machine.");
        CopiedProgram.Link(Debians, Lib, _ => true);
        State(version);
        _program.LinkNatives(name => name == TorchPackage.LibraryName);

        string answer = await _program.AnswerAsync(Lib);

        Assert.Matches(message, answer);
        Assert.DoesNotContain('\n', answer);
    }

    [Fact]
    public async Task Libtorch_ThatLacksALibrary_NamesIt()
    {
        CopiedProgram.Link(TorchPackage.Libtorch(), Lib, name => !name.StartsWith("libgomp", StringComparison.Ordinal));
        State("2.10.0");
        _program.LinkNatives(name => name == TorchPackage.LibraryName);

        string answer = await _program.AnswerAsync(Lib);

        Assert.StartsWith($"the libtorch in {Lib} cannot be loaded: ", answer, StringComparison.Ordinal);
        Assert.Matches(@"install the package that contains libgomp\S+ .*or remove TBPTT_LIBTORCH to use", answer);
    }

    private void State(string? version)
    {
        if (version is not null)
            File.WriteAllText(Path.Combine(Path.GetDirectoryName(Lib)!, "version.py"), $"__version__ = '{version}'\n");
    }
}

using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Torch.Native;
using TorchSharp;

namespace Orleans.Tbptt.Tests.Training.Torch;

/// <summary>What is decided of a named folder before anything is loaded.</summary>
public sealed class PyTorchInstallationTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Own => _directory.File("own");

    private string Lib => _directory.File("site-packages/torch/lib");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Expected_IsTheVersionThatTorchSharpWasBuiltAgainst()
    {
        NativeBackend.Initialize();

        Assert.Equal($"{PyTorchInstallation.Expected}.0", torch.__version__);
    }

    [Theory]
    [InlineData("site-packages/torch/lib")]
    [InlineData("site-packages/torch")]
    [InlineData("site-packages")]
    public void Find_LoadsEachLibraryAfterThoseThatItNeeds(string named)
    {
        Make(Lib, "c10", "c10_cuda", "torch", "torch_cpu", "torch_cuda", "torch_python", "shm");
        Make(Own, "LibTorchSharp");
        State("__version__ = '2.10.0+cu128'\ncuda: Optional[str] = '12.8'\n");

        var found = PyTorchInstallation.Find(_directory.File(named), "TBPTT_LIBTORCH", Own);

        Assert.Equal(
            ["libc10.so", "libc10_cuda.so", "libtorch_cpu.so", "libtorch_cuda.so", "libtorch.so"],
            found.Files.SkipLast(1).Select(file => Path.GetRelativePath(Lib, file)));
        Assert.Equal(Path.Combine(Own, "libLibTorchSharp.so"), found.Files[^1]);
        Assert.Equal((true, true, null), (found.IsBrought, found.HasCuda, found.Warning));
    }

    [Theory]
    [InlineData("__version__ = '2.10.0'", null)]
    [InlineData("__version__: str = \"2.10.1+cpu\"", "is libtorch 2.10.1+cpu, expected 2.10.0")]
    [InlineData("__version__ = '2.10.0a0+git1234'", "is libtorch 2.10.0a0+git1234, expected 2.10.0")]
    [InlineData("", "does not state libtorch's version")]
    public void Find_WarnsOfAVersionThatMayNotFit(string stated, string? warning)
    {
        Make(Lib, "c10", "torch", "torch_cpu");
        Make(Own, "LibTorchSharp");
        State(stated);

        string? found = PyTorchInstallation.Find(Lib, "Tbptt:Libtorch", Own).Warning;

        Assert.Equal(warning is null, found is null);
        if (warning is not null)
            Assert.Matches($"^Tbptt:Libtorch: .*{System.Text.RegularExpressions.Regex.Escape(warning)}.*; ", found);
    }

    /// <summary>An archive of PyTorch's has its version in another file.</summary>
    [Fact]
    public void Version_IsReadFromAnArchive()
    {
        Make(Lib, "torch_cpu");
        File.WriteAllText(Path.Combine(Path.GetDirectoryName(Lib)!, "build-version"), "2.10.0+cpu\n");

        Assert.Equal("2.10.0+cpu", PyTorchInstallation.VersionOf(Lib));
    }

    [Fact]
    public void Find_RefusesWhatCannotWork_InOneLine()
    {
        Make(Own, "LibTorchSharp");
        Assert.StartsWith(
            "TBPTT_LIBTORCH: found '/none', expected a folder with libtorch_cpu.so, ", Refusal("/none"), StringComparison.Ordinal);
        Make(Lib, "torch_cpu", "torch");
        Assert.Contains($"{Lib} lacks libc10.so; install PyTorch 2.10.0 again", Refusal(Lib), StringComparison.Ordinal);
        Make(Lib, "c10");
        State("__version__ = '2.9.1+cu126'");
        Assert.Contains("is libtorch 2.9.1+cu126, expected 2.10.0, because TorchSharp cannot", Refusal(Lib), StringComparison.Ordinal);
        Make(Own, "torch_cpu");
        Assert.Contains(
            $"{Own} has a libtorch of the program's own, and TorchSharp would load both", Refusal(Lib), StringComparison.Ordinal);
    }

    private string Refusal(string named)
    {
        string message = Assert.Throws<EngineUnavailableException>(() => PyTorchInstallation.Find(named, "TBPTT_LIBTORCH", Own)).Message;
        Assert.DoesNotContain('\n', message);
        return message;
    }

    private static void Make(string folder, params IReadOnlyList<string> names)
    {
        Directory.CreateDirectory(folder);
        foreach (string name in names)
            File.WriteAllText(Path.Combine(folder, $"lib{name}.so"), "");
    }

    private void State(string python) => File.WriteAllText(Path.Combine(Path.GetDirectoryName(Lib)!, "version.py"), python);
}

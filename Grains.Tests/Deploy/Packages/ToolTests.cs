using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Torch;
using Orleans.Tbptt.Training.Engines;

namespace Orleans.Tbptt.Tests.Deploy.Packages;

/// <summary>The programs as .NET tools, installed from a feed by somebody with an empty home directory.</summary>
[Slow]
public sealed class ToolTests : IDisposable
{
    private const string ModelOfAverage = "f163b038963603fa15227a1e6a69fdee7c3b8694b289558bff2790c667a8ae3f";
    private const long MostBytes = 50_000_000;

    private readonly TemporaryDirectory _directory = new();
    private string? _libtorch;

    private string Feed => _directory.File("feed");

    [Fact]
    public void Console_TrainsWithTheSiloOfItsPackage()
    {
        Pack("tbptt");
        Install("tbptt");

        Run("tbptt", "train", SourceTree.Of("examples", "average.yaml"), "--runs", _directory.File("runs"));

        string model = Assert.Single(Directory.EnumerateFiles(_directory.File("runs"), "model.safetensors", new EnumerationOptions
        {
            RecurseSubdirectories = true, MaxRecursionDepth = 1,
        }));
        Assert.Equal(ModelOfAverage, Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(model))));
    }

    [Fact]
    public void Silo_IsAToolOfItsOwn()
    {
        Pack("tbptt-silo");
        Install("tbptt-silo");

        Assert.Contains("--clustering", Run("tbptt-silo", "--help"), StringComparison.Ordinal);
        string without = Run("tbptt-silo", "check-engines");
        Assert.Contains("libtorch is incomplete: libc10.so, ", without, StringComparison.Ordinal);
        Assert.Contains($"or set {LibtorchFolder.Variable} to the torch/lib of a PyTorch ", without, StringComparison.Ordinal);
        _libtorch = TorchPackage.Libtorch();
        Assert.Contains($"\"libtorchFolder\":\"{_libtorch}\"", Run("tbptt-silo", "check-engines"), StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();

    private Dictionary<string, string> Home => new()
    {
        ["HOME"] = Directory.CreateDirectory(_directory.File("home")).FullName,
        ["DOTNET_CLI_HOME"] = _directory.File("home"),
        ["NUGET_PACKAGES"] = _directory.File("home"),
        [LibtorchFolder.Variable] = _libtorch ?? "",
        // Programs that are not at the default place say where .NET is.
        ["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..")),
    };

    private void Pack(string tool)
    {
        string[] options = ["-c", LocalFeed.Configuration, "-o", Feed, "-v", "quiet"];
        LocalFeed.DotNet(SourceTree.Root, LocalFeed.None, ["pack", $"build/tools/{tool}.csproj", .. options]);
        string file = Assert.Single(Directory.EnumerateFiles(Feed, "*.nupkg"));
        Assert.InRange(new FileInfo(file).Length, 1, MostBytes);
        using var package = ZipFile.OpenRead(file);
        Assert.DoesNotContain(package.Entries, entry => entry.Name.StartsWith("libtorch", StringComparison.OrdinalIgnoreCase));
    }

    private void Install(string tool) => LocalFeed.DotNet(
        _directory.Path, Home, "tool", "install", tool, "--tool-path", _directory.File("tools"), "--source", Feed);

    private string Run(string tool, params string[] arguments) =>
        LocalFeed.Run(Path.Combine(_directory.File("tools"), tool), _directory.Path, Home, arguments);
}

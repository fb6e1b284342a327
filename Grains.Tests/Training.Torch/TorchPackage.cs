using System.Reflection;
using Orleans.Tbptt.Training.Torch.Native;

namespace Orleans.Tbptt.Tests.Training.Torch;

/// <summary>Where the native libraries under test lie.</summary>
internal static class TorchPackage
{
    public const string LibraryName = "libLibTorchSharp.so";

    /// <summary>The native folder of this test program.</summary>
    public static string OutputFolder { get; } = Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native");

    /// <summary>The folder of libtorch in the package cache; the test is skipped where it is gone.</summary>
    public static string Libtorch()
    {
        string cache = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Original())!, "..", "..", "..", "..", ".."));
        string path = Path.Combine(cache, "libtorch-cpu-linux-x64", PyTorchInstallation.Expected, "runtimes", "linux-x64", "native");
        Assert.SkipUnless(Directory.Exists(path), $"The package cache is not on this machine: {path}");
        return path;
    }

    /// <summary>TorchSharp's own library as it came; the test is skipped where the package cache it was built from is gone.</summary>
    public static string Original()
    {
        string folder = typeof(TorchPackage).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(metadata => metadata.Key == "TorchSharpPackage").Value!;
        string path = Path.Combine(folder, "runtimes", "linux-x64", "native", LibraryName);
        Assert.SkipUnless(File.Exists(path), $"The package cache is not on this machine: {path}");
        return path;
    }
}

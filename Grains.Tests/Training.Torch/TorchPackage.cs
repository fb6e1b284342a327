using System.Reflection;

namespace Orleans.Tbptt.Tests.Training.Torch;

/// <summary>Where the native libraries under test lie.</summary>
internal static class TorchPackage
{
    public const string LibraryName = "libLibTorchSharp.so";

    /// <summary>The native folder of this test program.</summary>
    public static string OutputFolder { get; } = Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native");

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

using System.Runtime.InteropServices;
using Orleans.Tbptt.Training.Engines;
using TorchSharp;

namespace Orleans.Tbptt.Training.Torch.Native;

/// <summary>The native libraries that TorchSharp needs: its own, and libtorch.</summary>
/// <param name="Folder">
/// libtorch's folder. Unless a PyTorch installation was named, TorchSharp's library lies there, too: it crashes elsewhere.
/// </param>
/// <param name="Own">The folder of TorchSharp's library, which was installed with this program.</param>
internal sealed record TorchLibraries(string Folder, string Own)
{
    /// <summary>TorchSharp's library.</summary>
    public const string Wrapper = "LibTorchSharp";

    // In order of dependency. Those for CUDA exist in builds for CUDA only; loading the second one enables CUDA.
    private static readonly string[] InOrder = ["c10", "c10_cuda", "torch_cpu", "torch_cuda", "torch"];
    private static readonly string[] Required = ["c10", "torch_cpu", "torch"];

    /// <summary>What is unusual about libtorch's version; null where nothing is.</summary>
    public string? Warning { get; init; }

    /// <summary>Whether libtorch is not the program's own.</summary>
    public bool IsBrought => Folder != Own;

    /// <summary>Whether this libtorch computes on GPUs.</summary>
    public bool HasCuda => Has(Folder, "torch_cuda");

    /// <summary>The files in the order in which they are loaded.</summary>
    public IReadOnlyList<string> Files =>
        [.. InOrder.Where(name => Has(Folder, name)).Select(name => PathOf(Folder, name)), PathOf(Own, Wrapper)];

    /// <summary>
    /// Searches .NET's native library folders, in .NET's order, and the folder named by <see cref="LibtorchFolder"/>, without loading
    /// anything.
    /// </summary>
    /// <exception cref="EngineUnavailableException">They are missing, incomplete, or do not fit each other.</exception>
    public static TorchLibraries Find()
    {
        string own = FindWrapper(SearchFolders(), RuntimeInformation.RuntimeIdentifier);
        return LibtorchFolder.Named is { } named ? PyTorchInstallation.Find(named, LibtorchFolder.NamedBy, own) : Complete(own);
    }

    /// <summary>The folder, of those to search, that has TorchSharp's library for a system.</summary>
    internal static string FindWrapper(IReadOnlyList<string> folders, string runtime)
    {
        if (runtime.Contains("musl", StringComparison.Ordinal))
            throw new EngineUnavailableException($"libtorch requires glibc, but {runtime} uses musl; use a Debian- or Ubuntu-based image");
        return folders.FirstOrDefault(folder => Has(folder, Wrapper)) ?? throw new EngineUnavailableException(
            $"libtorch for {runtime} is not installed with this program ({FileName(Wrapper)} is in none of {string.Join(", ", folders)}); "
            + "this build contains it for linux-x64 only: on other systems add the package libtorch-cpu-<system> to the project, "
            + "on linux-x64 build or publish again and keep the folder runtimes/linux-x64/native");
    }

    /// <summary>The required libraries that a folder lacks.</summary>
    internal static string[] Missing(string folder) => [.. Required.Where(name => !Has(folder, name)).Select(FileName)];

    /// <summary>Whether a folder has one of the libraries.</summary>
    internal static bool Has(string folder, string name) => File.Exists(PathOf(folder, name));

    /// <summary>Loads them; TorchSharp's own later attempts then find them loaded.</summary>
    /// <exception cref="EngineUnavailableException">One cannot be loaded.</exception>
    public void Load()
    {
        foreach (string path in Files)
        {
            try
            {
                if (IsBrought && path == Files[^1])
                    PyTorchInstallation.Join(path, [.. InOrder.Where(name => Has(Folder, name)).Select(FileName)]);
                NativeLibrary.Load(path);
            }
            catch (Exception problem) when (problem is DllNotFoundException or BadImageFormatException)
            {
                throw new EngineUnavailableException(LoadFailure.Explain(path, problem.Message, IsBrought ? Folder : null));
            }
        }

        if (Warning is not null)
            LibtorchFolder.Warn(Warning);
    }

    private static TorchLibraries Complete(string folder) => Missing(folder) is { Length: > 0 } missing
        ? throw new EngineUnavailableException(
            $"libtorch is incomplete: {string.Join(", ", missing)} must be next to {PathOf(folder, Wrapper)}; "
            + $"build or publish again and keep the folder complete, or set {LibtorchFolder.Variable} to the torch/lib of a PyTorch "
            + $"{PyTorchInstallation.Expected}")
        : new(folder, folder);

    private static string PathOf(string folder, string name) => Path.Combine(folder, FileName(name));

    private static List<string> SearchFolders()
    {
        // The host's list from the deps.json; without one, the layout of a build.
        string listed = AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "";
        string[] conventional =
        [
            Path.Combine(AppContext.BaseDirectory, "runtimes", Portable(), "native"),
            AppContext.BaseDirectory,
            Path.GetDirectoryName(typeof(torch).Assembly.Location) is { Length: > 0 } directory ? directory : AppContext.BaseDirectory,
        ];
        return [.. listed.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Concat(conventional)
            .Select(Path.TrimEndingDirectorySeparator).Distinct()];
    }

    private static string Portable()
    {
        string system = OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux";
        return $"{system}-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}";
    }

    private static string FileName(string name) =>
        OperatingSystem.IsWindows() ? $"{name}.dll" : OperatingSystem.IsMacOS() ? $"lib{name}.dylib" : $"lib{name}.so";
}

using System.Runtime.InteropServices;
using Orleans.Tbptt.Training.Engines;
using TorchSharp;

namespace Orleans.Tbptt.Training.Torch.Native;

/// <summary>The native libraries of TorchSharp, as installed with this program.</summary>
/// <param name="Folder">The folder of all of them: TorchSharp's own library crashes when it is not in libtorch's folder.</param>
internal sealed record TorchLibraries(string Folder)
{
    // In order of dependency. The CUDA library exists in the CUDA build only; loading it enables CUDA.
    private static readonly string[] Required = ["c10", "torch_cpu", "torch", "LibTorchSharp"];
    private const string Cuda = "torch_cuda";

    /// <summary>Whether this is the CUDA build.</summary>
    public bool HasCuda => File.Exists(PathOf(Cuda));

    /// <summary>Searches .NET's native library folders, in .NET's order, without loading anything.</summary>
    /// <exception cref="EngineUnavailableException">They are missing, or not all in one folder.</exception>
    public static TorchLibraries Find() => Find(SearchFolders(), RuntimeInformation.RuntimeIdentifier);

    /// <summary>Searches <paramref name="folders"/> for the libraries of <paramref name="runtime"/>.</summary>
    internal static TorchLibraries Find(IReadOnlyList<string> folders, string runtime)
    {
        if (runtime.Contains("musl", StringComparison.Ordinal))
            throw new EngineUnavailableException($"libtorch requires glibc, but {runtime} uses musl; use a Debian- or Ubuntu-based image");
        string own = FileName("LibTorchSharp");
        if (folders.FirstOrDefault(folder => File.Exists(Path.Combine(folder, own))) is not { } found)
        {
            throw new EngineUnavailableException(
                $"libtorch for {runtime} is not installed with this program ({own} is in none of {string.Join(", ", folders)}); "
                + "this build contains it for linux-x64 only: on other systems add the package libtorch-cpu-<system> to the project, "
                + "on linux-x64 build or publish again and keep the folder runtimes/linux-x64/native");
        }

        string[] missing = [.. Required.Select(FileName).Where(file => !File.Exists(Path.Combine(found, file)))];
        if (missing.Length > 0)
        {
            throw new EngineUnavailableException(
                $"libtorch is incomplete: {string.Join(", ", missing)} must be next to {Path.Combine(found, own)}; "
                + "build or publish again and keep the folder complete");
        }

        return new(found);
    }

    /// <summary>Loads them; TorchSharp's own later attempts then find them loaded.</summary>
    /// <exception cref="EngineUnavailableException">One cannot be loaded.</exception>
    public void Load()
    {
        foreach (string name in HasCuda ? [.. Required[..^1], Cuda, Required[^1]] : Required)
        {
            string path = PathOf(name);
            try
            {
                NativeLibrary.Load(path);
            }
            catch (Exception problem) when (problem is DllNotFoundException or BadImageFormatException)
            {
                throw new EngineUnavailableException(LoadFailure.Explain(path, problem.Message));
            }
        }
    }

    private string PathOf(string name) => Path.Combine(Folder, FileName(name));

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

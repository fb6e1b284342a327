using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Orleans.Tbptt.Training.Engines;

namespace Orleans.Tbptt.Training.Torch.Native;

/// <summary>The libtorch of a PyTorch installation, or of PyTorch's archive, that is loaded instead of the program's own.</summary>
/// <remarks>
/// TorchSharp's library is bound to libtorch's C++ interface, which changes from one minor version to the next: functions that are missing
/// end the process when they are called, and classes of another layout corrupt its memory. So other minor versions are refused.
/// </remarks>
internal static partial class PyTorchInstallation
{
    /// <summary>The version that TorchSharp was built against.</summary>
    public const string Expected = "2.10.0";

    private const int Now = 2, OfThoseLoaded = 1 | 4;

    /// <summary>Finds an installation's libraries, and compares its version, without loading anything.</summary>
    /// <param name="named">What was named: the folder of the libraries, or one above.</param>
    /// <param name="by">The setting that named it.</param>
    /// <param name="own">The folder of TorchSharp's library.</param>
    /// <exception cref="EngineUnavailableException">It is none, or of another version.</exception>
    public static TorchLibraries Find(string named, string by, string own)
    {
        string root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(named));
        string folder = new[] { root, Path.Combine(root, "lib"), Path.Combine(root, "torch", "lib") }
            .FirstOrDefault(one => TorchLibraries.Has(one, "torch_cpu"))
            ?? throw new EngineUnavailableException(
                $"{by}: found '{named}', expected a folder with libtorch_cpu.so, such as the torch/lib of a PyTorch {Expected}; correct "
                + "it, or remove it to use the libtorch that was installed with this program");
        if (folder == own)
            return new(folder, own);
        if (TorchLibraries.Missing(folder) is { Length: > 0 } missing)
        {
            throw new EngineUnavailableException(
                $"{by}: {folder} lacks {string.Join(", ", missing)}; install PyTorch {Expected} again, or remove the setting");
        }

        // It asks for libtorch by name, too, and .NET finds the program's own first.
        if (TorchLibraries.Has(own, "torch_cpu"))
        {
            throw new EngineUnavailableException(
                $"{by}: found '{named}', expected none, because {own} has a libtorch of the program's own, and TorchSharp would load both; "
                + "remove libtorch*.so and libc10*.so there, build with -p:TorchBackend=none, or remove the setting");
        }

        return new(folder, own) { Warning = Compare(VersionOf(folder), folder, by) };
    }

    /// <summary>
    /// Binds TorchSharp's library to the libraries that are loaded: by the names under which it asks for them, and every function at once.
    /// </summary>
    /// <param name="wrapper">TorchSharp's library.</param>
    /// <param name="names">The libraries that were loaded.</param>
    /// <exception cref="DllNotFoundException">It does not find them, or functions in them.</exception>
    public static void Join(string wrapper, IReadOnlyList<string> names)
    {
        if (!OperatingSystem.IsLinux())
            return;

        // Binding this function itself would lose the message that it is asked for later.
        Error();
        foreach (string name in names)
        {
            if (Open(name, OfThoseLoaded) == 0)
            {
                throw new DllNotFoundException(
                    $"{wrapper}\n{wrapper}: asks for {name}, but the installation's library of that name calls itself otherwise");
            }
        }

        // .NET would bind functions when they are first called, and a missing one would end the process then.
        if (Open(wrapper, Now) == 0)
            throw new DllNotFoundException($"{wrapper}\n{Marshal.PtrToStringUTF8(Error()) ?? wrapper}");
    }

    /// <summary>The version as an installation's own files state it; null where they do not.</summary>
    /// <param name="folder">The folder of its libraries.</param>
    internal static string? VersionOf(string folder)
    {
        string above = Path.GetDirectoryName(folder) ?? folder;
        if (Read(Path.Combine(above, "version.py")) is { } python && Stated().Match(python) is { Success: true } stated)
            return stated.Groups[1].Value;
        return Read(Path.Combine(above, "build-version"))?.Trim() is { Length: > 0 } built ? built : null;
    }

    /// <summary>What is unusual about a version; null where nothing is.</summary>
    /// <exception cref="EngineUnavailableException">TorchSharp cannot work with it.</exception>
    internal static string? Compare(string? found, string folder, string by)
    {
        if (found is null)
        {
            return $"{by}: {folder} does not state libtorch's version (no version.py or build-version in the folder above), expected "
                + $"{Expected}; make sure that it is this version";
        }

        // What follows the plus sign names the build, such as cu128.
        string release = found.Split('+')[0];
        if (release == Expected)
            return null;
        string[] one = release.Split('.'), other = Expected.Split('.');
        return one.Length > 1 && (one[0], one[1]) == (other[0], other[1])
            ? $"{by}: {folder} is libtorch {found}, expected {Expected}, which TorchSharp was built against; results may differ, and if "
                + $"engine: torch fails, install PyTorch {Expected}"
            : throw new EngineUnavailableException(
                $"{by}: {folder} is libtorch {found}, expected {Expected}, because TorchSharp cannot work with another one; install "
                + $"PyTorch {Expected} (pip install torch=={Expected}), or remove the setting to use the libtorch that was installed with "
                + "this program");
    }

    private static string? Read(string path) => File.Exists(path) ? File.ReadAllText(path) : null;

    [GeneratedRegex(@"__version__\s*(?::\s*\w+\s*)?=\s*['""]([^'""]+)")]
    private static partial Regex Stated();

    [LibraryImport("libc", EntryPoint = "dlopen", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint Open(string path, int mode);

    [LibraryImport("libc", EntryPoint = "dlerror")]
    private static partial nint Error();
}

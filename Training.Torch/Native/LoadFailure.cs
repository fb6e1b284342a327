using System.Text.RegularExpressions;
using Orleans.Tbptt.Training.Engines;

namespace Orleans.Tbptt.Training.Torch.Native;

/// <summary>Turns the dynamic loader's message into one line that names the remedy.</summary>
internal static partial class LoadFailure
{
    /// <summary>Explains why the library at <paramref name="path"/> was not loaded.</summary>
    /// <param name="path">The library that was to be loaded.</param>
    /// <param name="message">.NET's message, which contains the loader's message as the line that names a file.</param>
    /// <param name="brought">The folder of libtorch where it is not the program's own.</param>
    public static string Explain(string path, string message, string? brought = null)
    {
        string said = LoaderLine(path, message);
        return brought is null ? $"libtorch cannot be loaded: {said}; {Remedy(said)}"
            : $"the libtorch in {brought} cannot be loaded: {said}; {RemedyOfBrought(said)}";
    }

    /// <summary>The text up to its first line break.</summary>
    public static string FirstLine(string text) => text.Split(['\r', '\n'], 2)[0].Trim();

    private static string LoaderLine(string path, string message)
    {
        // .NET gives general advice first, and then one line for each path that it tried.
        string[] lines = message.Split(['\r', '\n'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return lines.Skip(1).FirstOrDefault(line => line.Contains(": ", StringComparison.Ordinal))
            ?? $"{path}: {FirstLine(message)}";
    }

    private static string Remedy(string said)
    {
        if (Regex.Match(said, @"version [`'](GLIBCXX_[\d.]+|CXXABI_[\d.]+)' not found") is { Success: true } newer)
        {
            return $"this system's libstdc++ is older than {newer.Groups[1].Value}: build again with the project's own targets, which " +
                "put a relaxed "
                + "libLibTorchSharp.so next to libtorch, or install the libstdc++ of GCC 13.2 or newer";
        }

        if (said.Contains("version `GLIBC_", StringComparison.Ordinal))
            return "this system's glibc is too old: libtorch requires 2.34 or newer (Debian 12, Ubuntu 22.04, RHEL 9)";
        if (MissingFile().Match(said) is { Success: true } missing)
        {
            string file = missing.Groups[1].Value;
            return file.StartsWith("libgomp-", StringComparison.Ordinal) || file.StartsWith("libc10", StringComparison.Ordinal)
                || file.StartsWith("libtorch", StringComparison.Ordinal)
                ? $"{file} belongs to libtorch: build or publish again and keep the native folder complete"
                : $"install the system package that contains {file} (libgomp1, libstdc++6, or NVIDIA's driver for libcuda)";
        }

        return DamagedFile().IsMatch(said)
            ? "the file is damaged or built for a different processor: "
                + "delete it and the package's folder in the NuGet cache, restore and build again"
            : "build or publish again; ldd on this file shows what it lacks";
    }

    private static string RemedyOfBrought(string said)
    {
        string orElse = $"or remove {LibtorchFolder.NamedBy} to use the libtorch that was installed with this program";
        if (MissingFile().Match(said) is { Success: true } missing)
        {
            return $"install the package that contains {missing.Groups[1].Value} (pip installs CUDA's libraries with PyTorch), set "
                + $"LD_LIBRARY_PATH to its folder, {orElse}";
        }

        return said.Contains("undefined symbol", StringComparison.Ordinal)
            || said.Contains("calls itself otherwise", StringComparison.Ordinal)
            ? $"it is not the libtorch that TorchSharp was built against: install PyTorch {PyTorchInstallation.Expected} from pytorch.org, "
                + orElse
            : $"install PyTorch {PyTorchInstallation.Expected} again, {orElse}";
    }

    [GeneratedRegex(@"(\S+): cannot open shared object file")]
    private static partial Regex MissingFile();

    [GeneratedRegex("invalid ELF header|file too short|wrong ELF class|ELF load command|cannot map|incorrect format|not a valid")]
    private static partial Regex DamagedFile();
}

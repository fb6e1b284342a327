using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Orleans.Tbptt.Client.Cluster;

/// <summary>The silo program and the runtime that runs it.</summary>
/// <param name="Runtime">The <c>dotnet</c> program.</param>
/// <param name="Assembly"><c>tbptt-silo.dll</c>.</param>
internal sealed record SiloProgram(string Runtime, string Assembly)
{
    private const string Name = "tbptt-silo.dll";

    /// <summary>
    /// Finds the silo program of this installation: in <c>silo/</c> next to the console, where the build puts it, or, of a .NET tool, in
    /// the console's directory.
    /// </summary>
    /// <param name="directory">The console's own directory.</param>
    /// <exception cref="ClientException">There is none.</exception>
    public static SiloProgram Find(string directory)
    {
        string own = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));
        string installed = Path.Combine(own, "silo", Name);
        // artifacts/bin/Client/debug -> artifacts/bin/Silo/debug
        string built = Path.GetFullPath(Path.Combine(own, "..", "..", "Silo", Path.GetFileName(own), Name));
        string joined = Path.Combine(own, Name);
        string assembly = File.Exists(installed) ? installed
            : File.Exists(built) ? built
            : File.Exists(joined) ? joined
            : throw new ClientException($"the silo program is missing: neither {installed} nor {built} exists; install or build it",
                ExitCode.Unreachable);
        return new(FindRuntime(), assembly);
    }

    /// <summary>How to start it.</summary>
    public ProcessStartInfo StartInfo(IEnumerable<string> arguments) => new(Runtime, [Assembly, .. arguments])
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    };

    /// <summary>The <c>dotnet</c> program of the current runtime; this process may have been started as <c>tbptt</c> instead.</summary>
    private static string FindRuntime()
    {
        string name = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
        // <root>/shared/Microsoft.NETCore.App/<version>/
        string dotnet = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", name));
        return File.Exists(dotnet) ? dotnet : name;
    }
}

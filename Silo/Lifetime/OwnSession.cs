using System.Runtime.InteropServices;

namespace Orleans.Tbptt.Silo.Lifetime;

/// <summary>Leaves the terminal's session, so that closing the terminal does not end a detached silo.</summary>
internal static partial class OwnSession
{
    /// <summary>Makes this process a session leader; does nothing where it is one already, or on systems without sessions.</summary>
    public static void Begin()
    {
        if (!OperatingSystem.IsWindows())
            _ = SetSid();
    }

    [LibraryImport("libc", EntryPoint = "setsid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int SetSid();
}

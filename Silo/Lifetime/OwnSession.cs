using System.Runtime.InteropServices;

namespace Orleans.Tbptt.Silo.Lifetime;

/// <summary>Leaves the terminal's session, so that closing the terminal does not end a detached silo.</summary>
internal static partial class OwnSession
{
    /// <summary>Makes this process the leader of a session of its own; does nothing where it is one already, or where there are none.</summary>
    public static void Begin()
    {
        if (!OperatingSystem.IsWindows())
            _ = SetSid();
    }

    [LibraryImport("libc", EntryPoint = "setsid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int SetSid();
}

using System.Runtime.InteropServices;

namespace Orleans.Tbptt.Client.Views;

/// <summary>
/// Detects a broken pipe on standard output. .NET ignores SIGPIPE, and its console drops what it writes into a broken pipe.
/// </summary>
internal static partial class StandardOutput
{
    private const int Descriptor = 1;
    private const short Error = 0x8;
    private const short HungUp = 0x10;

    /// <summary>Whether standard output is a pipe whose reader has gone.</summary>
    public static bool HasLostItsReader()
    {
        if (OperatingSystem.IsWindows() || !Console.IsOutputRedirected)
            return false;
        var pipe = new PollEntry { Descriptor = Descriptor };
        return Poll(ref pipe, 1, 0) > 0 && (pipe.Found & (Error | HungUp)) != 0;
    }

    [LibraryImport("libc", EntryPoint = "poll")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int Poll(ref PollEntry entries, nuint count, int milliseconds);

    /// <summary><c>struct pollfd</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        public int Descriptor;
        public short Wanted;
        public short Found;
    }
}

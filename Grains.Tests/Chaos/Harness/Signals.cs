using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Orleans.Tbptt.Tests.Chaos.Harness;

/// <summary>The signals that faults are made of, by their Linux numbers.</summary>
internal enum Signal
{
    /// <summary>Ends the process at once; nobody in it is asked.</summary>
    Kill = 9,

    /// <summary>Asks the process to end.</summary>
    Terminate = 15,

    /// <summary>Continues a process that <see cref="Stop"/> has frozen.</summary>
    Continue = 18,

    /// <summary>Freezes the process: it neither runs nor ends, and its connections stay open.</summary>
    Stop = 19,
}

/// <summary>Sends signals to processes.</summary>
internal static class Signals
{
    private const int NoSuchProcess = 3;

    /// <summary>Sends <paramref name="signal"/>; does nothing when the process is gone.</summary>
    /// <exception cref="Win32Exception">The kernel refuses.</exception>
    public static void Send(int pid, Signal signal)
    {
        if (Kill(pid, (int)signal) != 0 && Marshal.GetLastPInvokeError() is var error && error != NoSuchProcess)
            throw new Win32Exception(error, $"kill -{(int)signal} {pid}");
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static extern int Kill(int process, int signal);
}

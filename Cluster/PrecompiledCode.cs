using System.Reflection;
using System.Runtime.InteropServices;

namespace Orleans.Tbptt.Cluster;

/// <summary>
/// Keeps a program from using code that was compiled ahead with other builds of the frameworks than those that it runs on. Such code
/// contains code of the frameworks, and the runtime ends a process that loads it.
/// </summary>
public static partial class PrecompiledCode
{
    /// <summary>The runtime setting in which the build names what it compiled with: <c>version,assembly=mvid,assembly=mvid</c>.</summary>
    private const string Setting = "Orleans.Tbptt.PrecompiledWith";

    /// <summary>The runtime's own switch: 0 compiles everything when it is first called.</summary>
    private const string Switch = "DOTNET_ReadyToRun";

    /// <summary>
    /// Starts the program again, in this process and with the same arguments, without code that was compiled ahead, where that code does
    /// not fit. To be called by <c>Main</c> before a method that uses any other assembly of the program is called.
    /// </summary>
    /// <param name="program">The program's name in the message about it, which goes to standard error.</param>
    public static void EnsureFits(string program)
    {
        if (AppContext.GetData(Setting) is not string setting || Environment.GetEnvironmentVariable(Switch) == "0")
            return;
        string[] builds = setting.Split(',');
        if (builds[1..].Select(build => build.Split('=')).All(build => VersionOf(build[0]) == Guid.Parse(build[1])))
            return;
        Console.Error.WriteLine($"{program}: found another build of .NET ({Environment.Version}) than the one it was compiled for "
            + $"({builds[0]}); it takes some seconds longer to start until it is built with the .NET that is installed here");
        StartAgain();
    }

    private static Guid VersionOf(string assembly) => Assembly.Load(assembly).ManifestModule.ModuleVersionId;

    private static void StartAgain()
    {
        // The environment that a replaced process gets is the C library's, which Environment.SetEnvironmentVariable does not change.
        SetVariable(Switch, "0", 1);
        string[] arguments = File.ReadAllText("/proc/self/cmdline").Split('\0');
        // The last one, empty after the final zero byte, becomes the null that ends the list.
        Execute("/proc/self/exe", [.. arguments[..^1], null]);
        throw new InvalidOperationException($"the program cannot be started again: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetVariable(string name, string value, int overwrite);

    [LibraryImport("libc", EntryPoint = "execv", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Execute(string path, string?[] arguments);
}

using System.Diagnostics;
using Orleans.Tbptt.Tests.Support.Servers;

namespace Orleans.Tbptt.Tests.Chaos.Harness;

/// <summary>Programs of the system that make networks and disks.</summary>
internal static class Tool
{
    /// <summary>Runs a program to its end.</summary>
    /// <returns>What it printed.</returns>
    /// <exception cref="InvalidOperationException">It failed; says how.</exception>
    public static string Run(string program, params IEnumerable<string> arguments)
    {
        var (code, output, error) = Try(program, arguments);
        return code == 0 ? output
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} exited {code}: {error.Trim()}");
    }

    /// <summary>Runs a program to its end, which may be a failure.</summary>
    public static (int ExitCode, string Output, string Error) Try(string program, params IEnumerable<string> arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.GetAwaiter().GetResult());
    }

    /// <summary>
    /// The path of a program that only root can put to use; skips the test, or in CI fails it, where program or rights are missing.
    /// </summary>
    public static string RequireAsRoot(string program, string package)
    {
        const string Reason = "needs root: namespaces and mounts are made";
        if (!Environment.IsPrivilegedProcess && InCi)
            Assert.Fail(Reason);
        Assert.SkipUnless(Environment.IsPrivilegedProcess, Reason);
        return ServerPrograms.Require(program, package);
    }

    private static bool InCi => string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase);
}

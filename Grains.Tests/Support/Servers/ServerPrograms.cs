using System.Net;
using System.Net.Sockets;

namespace Orleans.Tbptt.Tests.Support.Servers;

/// <summary>Server programs of this machine that tests start for themselves.</summary>
internal static class ServerPrograms
{
    private static readonly string[] Folders =
    [
        .. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries), "/usr/bin", "/usr/sbin",
        "/sbin",
    ];

    /// <summary>
    /// The path of a program. Where it is not installed, the test that asks is skipped with the reason; in CI, which installs it, the test
    /// fails.
    /// </summary>
    /// <param name="program">The program's file name.</param>
    /// <param name="package">Debian's package with it.</param>
    /// <param name="folders">Where it may be in addition to the folders of <c>PATH</c>.</param>
    public static string Require(string program, string package, params IEnumerable<string> folders)
    {
        string? path = Folders.Concat(folders).Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
        string reason = $"{program} is not installed; apt-get install {package}";
        if (path is null && string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase))
            Assert.Fail(reason);
        Assert.SkipUnless(path is not null, reason);
        return path!;
    }

    /// <summary>The path of a program that not every distribution offers; without it the test is skipped, in CI, too.</summary>
    /// <param name="program">The program's file name.</param>
    public static string RequireIfInstalled(string program)
    {
        string? path = Folders.Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
        Assert.SkipUnless(path is not null, $"{program} is not installed");
        return path!;
    }

    /// <summary>
    /// A port of the loopback that nobody listens on. Somebody may take it first: a server that meets this is started on another.
    /// </summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

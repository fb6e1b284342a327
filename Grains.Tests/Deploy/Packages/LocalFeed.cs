using System.Diagnostics;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Deploy.Packages;

/// <summary>The packages of this build in a folder: what <c>dotnet pack</c> makes of the projects that the tests were built with.</summary>
public sealed class LocalFeed : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public LocalFeed() =>
        DotNet(SourceTree.Root, None, "pack", "Orleans.Tbptt.sln", "-c", Configuration, "--no-build", "-o", Folder, "-v", "quiet");

    /// <summary>No environment variables besides those of the tests.</summary>
    internal static IReadOnlyDictionary<string, string> None { get; } = new Dictionary<string, string>();

    /// <summary>The configuration that the tests were built in.</summary>
    public static string Configuration { get; } = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));

    /// <summary>The folder.</summary>
    public string Folder => _directory.File("feed");

    /// <summary>Runs the SDK to its end.</summary>
    /// <param name="directory">Where.</param>
    /// <param name="variables">Environment variables besides those of the tests.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <returns>What it printed.</returns>
    internal static string DotNet(string directory, IReadOnlyDictionary<string, string> variables, params string[] arguments) =>
        Run("dotnet", directory, variables, arguments);

    /// <summary>Runs a program to its end, and fails the test with its output where it fails.</summary>
    /// <inheritdoc cref="DotNet"/>
    internal static string Run(string program, string directory, IReadOnlyDictionary<string, string> variables, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = directory, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        // No process of the build outlives the test, and nothing is written to the home directory's telemetry.
        start.Environment["MSBUILDDISABLENODEREUSE"] = start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["DOTNET_NOLOGO"] = start.Environment["DOTNET_CLI_DO_NOT_USE_MSBUILD_SERVER"] = "1";
        foreach (var (name, value) in variables)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        string all = output + error.GetAwaiter().GetResult();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} exited {process.ExitCode}:\n{all}");
        return output;
    }

    public void Dispose() => _directory.Dispose();
}

/// <summary>Tests that use the packages of one <see cref="LocalFeed"/>.</summary>
[CollectionDefinition(Name), Slow]
public sealed class FeedOfPackages : ICollectionFixture<LocalFeed>
{
    public const string Name = "packages";
}

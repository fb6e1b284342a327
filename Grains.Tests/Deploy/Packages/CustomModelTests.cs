using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Support.Servers;

namespace Orleans.Tbptt.Tests.Deploy.Packages;

/// <summary>The example that uses the packages as somebody else's program does: from a feed, with a package cache of its own.</summary>
[Collection(FeedOfPackages.Name)]
public sealed partial class CustomModelTests(LocalFeed feed)
{
    private static string Example => SourceTree.Of("examples", "CustomModel");

    [Fact]
    public void Program_IsShort() => Assert.InRange(File.ReadAllLines(Path.Combine(Example, "Program.cs")).Length, 1, 79);

    [Fact]
    public void Example_TrainsItsOwnModel_FromThePackages()
    {
        using var directory = new TemporaryDirectory();
        string project = Directory.CreateDirectory(directory.File("example")).FullName;
        foreach (string file in Directory.EnumerateFiles(Example))
            File.Copy(file, Path.Combine(project, Path.GetFileName(file)));
        string config = Path.Combine(project, "nuget.config");
        File.WriteAllText(config, File.ReadAllText(config).Replace("../../packages", feed.Folder, StringComparison.Ordinal));

        string[] ports = [$"{ServerPrograms.FreePort()}", $"{ServerPrograms.FreePort()}"];

        string output = LocalFeed.DotNet(project, Caches(directory), ["run", "-c", "Release", "--", .. ports]);

        double[] losses = [.. Epoch().Matches(output).Select(epoch => double.Parse(epoch.Groups[1].Value, CultureInfo.InvariantCulture))];
        Assert.Equal(5, losses.Length);
        Assert.InRange(losses[^1], double.Epsilon, losses[0] / 2);
        Assert.Matches(@"Completed at step 75 .*/runs/leaky-[^/]+/model\.safetensors", output);
    }

    /// <summary>An empty cache for the packages of the feed; all others are where the build of the tests has restored them.</summary>
    private static Dictionary<string, string> Caches(TemporaryDirectory directory)
    {
        string torch = typeof(CustomModelTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(one => one.Key == "TorchSharpPackage").Value!;
        return new()
        {
            ["NUGET_PACKAGES"] = directory.File("cache"),
            ["NUGET_FALLBACK_PACKAGES"] = Path.GetFullPath(Path.Combine(torch, "..", "..")),
        };
    }

    [GeneratedRegex(@"^epoch \d: loss ([0-9.E-]+), validation", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Epoch();
}

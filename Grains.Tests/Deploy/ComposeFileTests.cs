using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Orleans.Tbptt.Cluster.Settings;
using Orleans.Tbptt.Tests.Support;
using Map = System.Collections.Generic.Dictionary<object, object?>;

namespace Orleans.Tbptt.Tests.Deploy;

/// <summary>What can be said of the files for Docker without a Docker. <c>deploy/test</c> runs them.</summary>
public sealed partial class ComposeFileTests
{
    private static readonly ComposeFile Compose = new();

    public static TheoryData<string> Services => [.. Compose.Services.Keys];

    [Theory]
    [MemberData(nameof(Services))]
    public void Service_HasAnImageOfOneVersion(string name)
    {
        var service = Compose.Services[name];

        if (service.Build is null)
            Assert.Matches(@":v?[0-9]+\.[0-9]+\.[0-9]+(-[a-z0-9]+)?$", service.Image);
        else
            Assert.Contains($" AS {service.Build["target"]}\n", File.ReadAllText(SourceTree.Of((string)service.Build["dockerfile"]!)),
                StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Services))]
    public void Service_MountsOnlyWhatExists(string name)
    {
        foreach (string mount in Compose.Services[name].Mounts)
        {
            string source = mount.Split(':')[0];
            if (!source.StartsWith("./", StringComparison.Ordinal))
                Assert.Contains(source, Compose.Volumes);
            else
                Assert.True(Path.Exists(SourceTree.Of(source)), $"{mount}: no {source}");
        }
    }

    [Theory]
    [MemberData(nameof(Services))]
    public void Service_IsPublishedOnTheLoopbackOnly(string name) =>
        Assert.All(Compose.Services[name].Ports, port => Assert.StartsWith("127.0.0.1:", port, StringComparison.Ordinal));

    [Fact]
    public void Silos_CanBeManyAndStartInOrder()
    {
        var silo = Compose.Services["silo"];

        Assert.Equal("${TBPTT_SILOS:-2}", silo["scale"]);
        Assert.Null(silo["container_name"]);
        Assert.All(silo.Ports, port => Assert.Matches(@"^127\.0\.0\.1:[0-9]+-[0-9]+:[0-9]+$", port));
        Assert.Equal("auto", silo.Environment["Tbptt__Address"]);
        Assert.Contains("service_healthy", Condition(silo, "redis"), StringComparison.Ordinal);
        Assert.NotNull(Compose.Services["redis"]["healthcheck"]);
        Assert.NotNull(silo["healthcheck"]);
    }

    [Theory]
    [MemberData(nameof(Services))]
    public void Service_SetsOnlyWhatASettingReads(string name) => SettingKeys.Check(new ConfigurationBuilder()
        .AddInMemoryCollection(Compose.Services[name].Environment.Select(variable =>
            KeyValuePair.Create(((string)variable.Key).Replace("__", ":", StringComparison.Ordinal), variable.Value?.ToString())))
        .Build());

    [Theory]
    [InlineData("silo")]
    [InlineData("client")]
    public void SilosAndClients_AreOfTheClusterThatAVariableNames(string name) =>
        Assert.Equal("${TBPTT_CLUSTER_ID:-tbptt}", Compose.Services[name].Environment["Orleans__ClusterId"]);

    [Fact]
    public void SilosOnGpus_DifferFromTheOthersInTheirDeviceAlone()
    {
        var (cpu, gpu) = (Compose.Services["silo"], Compose.Services["silo-gpu"]);

        Assert.Equal(cpu.Mounts, gpu.Mounts);
        Assert.Equal(cpu.Environment, gpu.Environment.Where(variable => variable.Key is not "NVIDIA_DRIVER_CAPABILITIES"));
        Assert.Equal("cuda", ((Map)gpu.Build!["args"]!)["TORCH_BACKEND"]);
        Assert.NotNull(gpu["deploy"]);
    }

    [Fact]
    public void Images_AreBuiltFromEveryProjectThatTheProgramsReference_AndRunAsNobodySpecial()
    {
        string dockerfile = File.ReadAllText(SourceTree.Of("deploy", "Dockerfile")),
        ignored = File.ReadAllText(SourceTree.Of(".dockerignore"));

        foreach (string project in Referenced("Silo").Concat(Referenced("Client")).Distinct())
        {
            Assert.Contains($"COPY {project}/*.csproj {project}/packages.lock.json {project}/\n", dockerfile, StringComparison.Ordinal);
            Assert.Contains($"COPY {project}/ {project}/\n", dockerfile, StringComparison.Ordinal);
            Assert.Contains($"\n!{project}\n", ignored, StringComparison.Ordinal);
        }

        string[] stages = [.. Stage().Matches(dockerfile).Select(stage => stage.Value)];
        Assert.Equal(3, stages.Length);
        Assert.All(stages, stage => Assert.StartsWith("FROM mcr.microsoft.com/dotnet/", stage, StringComparison.Ordinal));
        Assert.All(stages[1..], stage => Assert.Contains("\nUSER $APP_UID\n", stage, StringComparison.Ordinal));
    }

    private static string Condition(ComposeService service, string other) =>
        (string)((Map)((Map)service["depends_on"]!)[other]!)["condition"]!;

    /// <summary>A project and all that it references.</summary>
    private static IEnumerable<string> Referenced(string project) => Reference()
        .Matches(File.ReadAllText(SourceTree.Of(project, $"{project}.csproj")))
        .SelectMany(reference => Referenced(reference.Groups[1].Value))
        .Prepend(project);

    [GeneratedRegex(@"<ProjectReference Include=""\.\./([^/]+)/", RegexOptions.CultureInvariant)]
    private static partial Regex Reference();

    [GeneratedRegex(@"^FROM (?:(?!^FROM )[\s\S])*", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Stage();
}

using System.Diagnostics;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Orleans.Tbptt.Client.Cluster;
using Orleans.Tbptt.Specs.Writing;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.EndToEnd;

/// <summary>Code that the build compiled ahead: that it is used, and that it is not where it does not fit.</summary>
[Slow]
public sealed class PrecompiledCodeTests : IDisposable
{
    private const string Setting = "\"Orleans.Tbptt.PrecompiledWith\": \"";

    private readonly TemporaryDirectory _directory = new();
    private readonly string _spec;

    public PrecompiledCodeTests()
    {
        _spec = _directory.File("spec.yaml");
        File.WriteAllText(_spec, SpecWriter.ToYaml(TestSpecs.Average(epochs: 1)));
    }

    private static string Settings => Path.ChangeExtension(ConsoleProcess.Program, ".runtimeconfig.json");

    /// <summary>
    /// A run of 300 steps compiles about 700 methods in console and silo, on processors with AVX2, and 10,300 without the profiles of
    /// <c>build/profiles</c>: long before the limit is reached they are out of date, or the compiler does not read them.
    /// </summary>
    [Fact(Timeout = 120_000)]
    public async Task Run_CompilesFewMethods()
    {
        SkipUnlessPrecompiled();
        string list = _directory.File("compiled.txt");
        var environment = new Dictionary<string, string> { ["DOTNET_JitStdOutFile"] = list, ["DOTNET_JitDisasmSummary"] = "1" };
        using var console = ConsoleProcess.Start(_directory.File("runs"), environment, "train", _spec);

        var (exitCode, output, error) = await console.End(TestContext.Current.CancellationToken);

        Assert.Equal((0, ""), (exitCode, error));
        Assert.Contains("\ncompleted at step ", output, StringComparison.Ordinal);
        Assert.InRange(File.ReadLines(list).Count(), 1, 2_000);
    }

    /// <summary>
    /// An image names the builds of all assemblies whose code it contains. Those of packages are not compiled again when the project
    /// changes, and the runtime would end the program.
    /// </summary>
    [Fact]
    public void ImagesOfPackages_ContainNothingOfTheProject()
    {
        SkipUnlessPrecompiled();
        string console = Path.GetDirectoryName(ConsoleProcess.Program)!;
        string silo = Path.GetDirectoryName(SiloProgram.Find(console).Assembly)!;
        var assemblies = Directory.EnumerateFiles(console, "*.dll").Concat(Directory.EnumerateFiles(silo, "*.dll"))
            .ToLookup(file => Path.GetFileName(file).Contains("tbptt", StringComparison.OrdinalIgnoreCase));
        var own = assemblies[true].Select(ModuleVersion).ToList();

        Assert.NotEmpty(own);
        Assert.All(assemblies[false], package =>
        {
            byte[] image = File.ReadAllBytes(package);
            Assert.All(own, version => Assert.Equal(-1, image.AsSpan().IndexOf(version.ToByteArray())));
        });
    }

    [Fact(Timeout = 120_000)]
    public async Task OtherBuildOfTheFramework_RunsWithoutThatCode_AndSaysSo()
    {
        SkipUnlessPrecompiled();
        string settings = _directory.File("other.runtimeconfig.json");
        string own = typeof(object).Module.ModuleVersionId.ToString();
        string text = await File.ReadAllTextAsync(Settings, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(settings, text.Replace(own, Guid.Empty.ToString(), StringComparison.Ordinal),
            TestContext.Current.CancellationToken);
        string[] arguments = ["exec", "--runtimeconfig", settings, ConsoleProcess.Program, "validate", _spec];
        using var console = Process.Start(new ProcessStartInfo(SiloProgram.Find(AppContext.BaseDirectory).Runtime, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = console.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        string error = await console.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await console.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(0, console.ExitCode);
        Assert.Contains("spec.yaml: valid", await output, StringComparison.Ordinal);
        Assert.Equal(
            $"tbptt: found another build of .NET ({Environment.Version}) than the one it was compiled for ({Environment.Version}); "
            + "it takes some seconds longer to start until it is built with the .NET that is installed here\n", error);
    }

    public void Dispose() => _directory.Dispose();

    private static Guid ModuleVersion(string assembly)
    {
        using var file = new PEReader(File.OpenRead(assembly));
        var metadata = file.GetMetadataReader();
        return metadata.GetGuid(metadata.GetModuleDefinition().Mvid);
    }

    private static void SkipUnlessPrecompiled() =>
        Assert.SkipUnless(File.ReadAllText(Settings).Contains(Setting, StringComparison.Ordinal), "built with -p:Precompile=false");
}

using System.IO.Compression;
using System.Xml.Linq;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Tests.Architecture;

namespace Orleans.Tbptt.Tests.Deploy.Packages;

/// <summary>The packages of the libraries: what is in them and what they say of themselves.</summary>
[Collection(FeedOfPackages.Name)]
public sealed class LibraryPackageTests(LocalFeed feed)
{
    public static TheoryData<string> Libraries =>
        [Assemblies.Abstractions, Assemblies.Data, Assemblies.Training, Assemblies.Gpu, Assemblies.Torch, Assemblies.Grains,
            Assemblies.Cluster];

    private static string Version { get; } = typeof(ProtocolVersion).Assembly.GetName().Version!.ToString(3);

    [Theory, MemberData(nameof(Libraries))]
    public void Package_HasAssemblyDocumentationAndReadme(string library)
    {
        using var package = Open(library, "nupkg");

        Assert.NotNull(package.GetEntry($"lib/net10.0/{library}.dll"));
        Assert.NotNull(package.GetEntry($"lib/net10.0/{library}.xml"));
        Assert.StartsWith($"# {library}\n", Text(package, "README.md"), StringComparison.Ordinal);
        Assert.DoesNotContain(package.Entries, entry => entry.FullName.EndsWith(".so", StringComparison.Ordinal));
    }

    [Theory, MemberData(nameof(Libraries))]
    public void Package_SaysWhatItIsAndUnderWhichLicence(string library)
    {
        using var package = Open(library, "nupkg");
        var metadata = XDocument.Parse(Text(package, $"{library}.nuspec")).Root!.Elements().Single();

        Assert.Equal(library, Value("id"));
        Assert.Equal(Version, Value("version"));
        Assert.Equal("MIT", Value("license"));
        Assert.Equal("README.md", Value("readme"));
        Assert.NotEmpty(Value("description"));
        Assert.Equal("git", metadata.Elements().Single(one => one.Name.LocalName == "repository").Attribute("type")?.Value);

        string Value(string name) => metadata.Elements().Single(one => one.Name.LocalName == name).Value;
    }

    /// <summary>Symbols lie in a package of their own, and name no directory of the machine that built them.</summary>
    [Theory, MemberData(nameof(Libraries))]
    public void Symbols_NameSourcesByTheirPlaceInTheTree(string library)
    {
        using var package = Open(library, "snupkg");
        using var symbols = new MemoryStream(Bytes(package, $"lib/net10.0/{library}.pdb"));
        using var provider = System.Reflection.Metadata.MetadataReaderProvider.FromPortablePdbStream(symbols);
        var reader = provider.GetMetadataReader();

        Assert.NotEmpty(reader.Documents);
        Assert.All(reader.Documents.Select(one => reader.GetString(reader.GetDocument(one).Name)),
            name => Assert.StartsWith("/_/", name, StringComparison.Ordinal));
    }

    /// <summary>The silo, the console, tests and measurements are programs.</summary>
    [Fact]
    public void Programs_AreNoLibraries() =>
        Assert.Equal(Libraries.Select(row => $"{row.Data}.{Version}.nupkg").Order(StringComparer.Ordinal),
            Directory.EnumerateFiles(feed.Folder, "Orleans.Tbptt.*.nupkg").Select(Path.GetFileName).Order(StringComparer.Ordinal));

    /// <summary>A program that references the package loads libtorch on older systems, too.</summary>
    [Fact]
    public void TorchPackage_RelaxesTorchSharpsLibraryInBuildsOfItsUsers()
    {
        using var package = Open(Assemblies.Torch, "nupkg");

        Assert.NotNull(package.GetEntry($"buildTransitive/{Assemblies.Torch}.targets"));
        Assert.NotNull(package.GetEntry("buildTransitive/RelaxLibTorchSharp.targets"));
        Assert.NotNull(package.GetEntry("buildTransitive/RelaxSymbolVersion.cs"));
    }

    private ZipArchive Open(string library, string kind) => ZipFile.OpenRead(Path.Combine(feed.Folder, $"{library}.{Version}.{kind}"));

    private static string Text(ZipArchive package, string name) =>
        System.Text.Encoding.UTF8.GetString(Bytes(package, name)).TrimStart('\uFEFF');

    private static byte[] Bytes(ZipArchive package, string name)
    {
        using var stream = package.GetEntry(name)!.Open();
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }
}

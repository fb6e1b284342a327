using System.CommandLine;
using Orleans.Tbptt.Client;
using Orleans.Tbptt.Client.Manual;
using Orleans.Tbptt.Silo.Configuration;
using Orleans.Tbptt.Tests.Chaos.Harness;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Support.Servers;

namespace Orleans.Tbptt.Tests.Client;

/// <summary>The manual in <c>docs/man</c> and the exit codes in docs/cli.md are what the declarations of commands say.</summary>
public sealed class ManualTests : IDisposable
{
    private static readonly string Directory = SourceTree.Of("docs", "man");

    private readonly ScriptedConsole _console = new();

    public static TheoryData<string> Files => [.. System.IO.Directory.GetFiles(Directory).Select(Path.GetFileName).OfType<string>()];

    [Fact]
    public void Pages_AreThoseOfTheDeclarations()
    {
        var pages = Silo().Concat(Console()).ToDictionary(page => $"{page.Name}.1", page => page.Text);
        string written = Path.Combine(AppContext.BaseDirectory, "man");
        System.IO.Directory.CreateDirectory(written);
        foreach (var (name, text) in pages)
            File.WriteAllText(Path.Combine(written, name), text);

        var found = System.IO.Directory.GetFiles(Directory).ToDictionary(file => Path.GetFileName(file), File.ReadAllText);

        Assert.True(
            pages.Count == found.Count && pages.All(page => found.GetValueOrDefault(page.Key) == page.Value),
            $"docs/man is not what the declarations say: replace it by {written}");
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Pages_HaveNoFaults(string file)
    {
        string page = Path.Combine(Directory, file);

        // A page without a date is meant: the same declarations give the same page.
        var (_, output, _) = Tool.Try(ServerPrograms.Require("mandoc", "mandoc"), "-Tlint", "-Wwarning", page);
        Assert.DoesNotContain(
            output.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => !line.Contains("missing date", StringComparison.Ordinal));
    }

    [Fact]
    public void Documentation_HasTheTableOfTheExitCodes() => Assert.Contains(
        $"| code | meaning |\n| --- | --- |\n{string.Concat(ExitCode.Meanings.Select(one => $"| {one.Code} | {one.Meaning} |\n"))}\n",
        File.ReadAllText(SourceTree.Of("docs", "cli.md")), StringComparison.Ordinal);

    [Fact]
    public void Help_NamesEveryExitCode()
    {
        string help = Root().Description!;

        Assert.All(ExitCode.Meanings, one => Assert.Matches($@"\b{one.Code} ", help));
    }

    [Fact]
    public async Task Man_PrintsAPage()
    {
        Assert.Equal(0, await _console.RunBareAsync("man", "train"));
        Assert.Equal(File.ReadAllText(Path.Combine(Directory, "tbptt-train.1")), _console.Output);
    }

    [Fact]
    public async Task Man_NamesThePages_WhereThereIsNoSuchPage()
    {
        Assert.Equal(ExitCode.Usage, await _console.RunBareAsync("man", "trian"));
        Assert.Contains("found no page 'tbptt-trian', expected one of tbptt, tbptt-init, ", _console.Error, StringComparison.Ordinal);
    }

    public void Dispose() => _console.Dispose();

    private RootCommand Root() => Orleans.Tbptt.Client.CommandLine.Commands.Build(_console.Context);

    private IReadOnlyList<(string Name, string Text)> Console() => ManualPages.Of(Root(), "tbptt", ExitCode.Meanings);

    private static IReadOnlyList<(string Name, string Text)> Silo() => ManualPages.Of(
        new SiloCommandLine().Build(_ => Task.FromResult(0), _ => Task.FromResult(0), () => { }), "tbptt-silo",
        [
            (SiloExitCode.Ended, "ended on request"),
            (SiloExitCode.Unreachable, "the membership store, or another service that it needs, cannot be reached"),
            (SiloExitCode.Failed, "declared dead by the others, or failed"),
            (SiloExitCode.WrongConfiguration, "an option, a configuration key or the installation is wrong"),
        ]);
}

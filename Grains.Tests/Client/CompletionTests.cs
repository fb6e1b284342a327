using Orleans.Tbptt.Client.Completion;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Tests.Client;

/// <summary>What the console answers to shells, which pass it the line.</summary>
public sealed class CompletionTests : IDisposable
{
    private readonly ScriptedConsole _console = new();

    [Theory]
    [InlineData("tbptt ", "init", "train", "--telemetry")]
    [InlineData("tbptt tr", "train")]
    [InlineData("tbptt train a.yaml --si", "--silos")]
    [InlineData("tbptt train a.yaml --output ", "auto", "json", "live", "plain")]
    [InlineData("tbptt ls --output ", "json", "text")]
    [InlineData("tbptt completion ", "bash", "fish", "zsh")]
    [InlineData("tbptt init --example ", "average", "bytes", "sunspots")]
    public async Task Words_AreSuggested(string line, params string[] words)
    {
        string[] found = await SuggestAsync(line);

        Assert.Superset(words.ToHashSet(), found.ToHashSet());
        Assert.DoesNotContain("[suggest]", found);
    }

    [Theory]
    [InlineData("show ")]
    [InlineData("resume wa")]
    [InlineData("logs --follow ")]
    [InlineData("cluster ")]
    public async Task Runs_AreSuggested_FromTheRunStoreOfTheLine(string words)
    {
        _console.Write(Sample.Status(RunState.Completed));
        _console.Write(Sample.Status(RunState.Running, "wave-2"));

        // The line is completed at its end: the run store stands before it.
        string[] parts = words.Split(' ', 2);
        string[] found = await SuggestAsync($"tbptt {parts[0]} --runs {_console.Runs} {parts[1]}");

        Assert.Superset(new HashSet<string> { "wave-1", "wave-2" }, found.ToHashSet());
    }

    [Theory]
    [InlineData("validate ", "a.yaml", "b.json", "c.yml", "specs/")]
    [InlineData("train specs/", "specs/d.yaml")]
    [InlineData("init ", "specs/", "wave.csv")]
    [InlineData("ls --runs ", "specs/")]
    public async Task Files_AreSuggested_ByTheirKind(string words, params string[] files)
    {
        Directory.CreateDirectory(Path.Combine(_console.Runs, "specs"));
        foreach (string file in (string[])["a.yaml", "b.json", "c.yml", "wave.csv", ".hidden.yaml", "specs/d.yaml"])
            File.WriteAllText(Path.Combine(_console.Runs, file), "");
        string verb = words[..(words.LastIndexOf(' ') + 1)], word = words[verb.Length..];

        string[] found = await SuggestAsync($"tbptt {verb}{_console.Runs}/{word}");

        Assert.Equal(files.Select(file => $"{_console.Runs}/{file}"), found.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Names_ThatAreNoLine_AreNotSuggested()
    {
        File.WriteAllText(Path.Combine(_console.Runs, "a b;.yaml"), "");
        File.WriteAllText(Path.Combine(_console.Runs, "a\nb.yaml"), "");

        Assert.Equal([$"{_console.Runs}/a b;.yaml"], await SuggestAsync($"tbptt validate {_console.Runs}/a"));
    }

    [Fact]
    public async Task NothingIsSuggested_WhereTheRunStoreDoesNotExist() =>
        Assert.DoesNotContain(await SuggestAsync($"tbptt show --runs {_console.Runs}/none wa"), word =>
            word.StartsWith("wa", StringComparison.Ordinal));

    [Fact]
    public async Task Scripts_ArePrinted_ForEachShell()
    {
        foreach (string shell in CompletionScripts.Shells)
            Assert.Equal(0, await _console.RunBareAsync("completion", shell));

        Assert.Equal(string.Concat(CompletionScripts.Shells.Select(CompletionScripts.Of)), _console.Output);
        Assert.Equal("", _console.Error);
    }

    public void Dispose() => _console.Dispose();

    private async Task<string[]> SuggestAsync(string words)
    {
        string line = words["tbptt ".Length..];
        Assert.Equal(0, await _console.RunBareAsync($"[suggest:{line.Length}]", line));
        Assert.Equal("", _console.Error);
        return _console.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}

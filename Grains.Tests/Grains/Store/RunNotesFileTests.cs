using System.Text.Json;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Store;

public sealed class RunNotesFileTests : IDisposable
{
    private readonly TemporaryDirectory _store = new();
    private readonly RunDirectory _run;

    public RunNotesFileTests()
    {
        _run = new(_store.Path, RunId.Parse("wave-1"));
        Directory.CreateDirectory(_run.Path);
    }

    [Fact]
    public void Notes_AreReadAsTheyWereWritten_AndNothingElseIsLeft()
    {
        Assert.Same(RunNotes.None, RunNotes.Read(_run));

        Assert.True(RunNotesFile.TryWrite(_run, new() { Tags = ["best", "α/β"], Text = "two\nlines \"quoted\"" }, out var written));

        var read = RunNotes.Read(_run);
        Assert.Equal((1, "two\nlines \"quoted\""), (read.Revision, read.Text));
        Assert.Equal(["best", "α/β"], read.Tags);
        Assert.Equal(1, written.Revision);
        Assert.Equal([_run.Notes], Directory.EnumerateFileSystemEntries(_run.Path));
    }

    [Fact]
    public async Task Writers_OverwriteNothingThatTheyHaveNotRead()
    {
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(writer =>
            Task.Run(() =>
                (Asked: $"{writer}", IsWritten: RunNotesFile.TryWrite(_run, new() { Text = $"{writer}" }, out var now), now.Text))));

        var won = Assert.Single(outcomes, outcome => outcome.IsWritten);
        Assert.All(outcomes, outcome => Assert.Equal(won.Asked, outcome.Text));
        Assert.False(RunNotesFile.TryWrite(_run, new() { Text = "late" }, out _));
        Assert.Equal((won.Asked, 1), (RunNotes.Read(_run).Text, RunNotes.Read(_run).Revision));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[1]")]
    [InlineData("{\"tags\": [")]
    public void DamagedNotes_AreReported_AndNotOverwritten(string content)
    {
        File.WriteAllText(_run.Notes, content);

        Assert.ThrowsAny<JsonException>(() => RunNotesFile.TryWrite(_run, new() { Text = "new" }, out _));
        Assert.Equal(content, File.ReadAllText(_run.Notes));
    }

    [Theory]
    [InlineData("a b, c;a\n", "a", "b", "c")]
    [InlineData("  ")]
    public void Tags_AreSplit_AtSpacesAndCommas(string text, params string[] tags) => Assert.Equal(tags, RunNotes.Split(text));

    [Fact]
    public void Notes_AreChecked()
    {
        Assert.Null(new RunNotes { Tags = ["a", "fig/2.b+c:d_e-f", "größe"], Text = new('x', RunNotes.MostText) }.Problem());
        Assert.StartsWith("tags: found '<b>'", new RunNotes { Tags = ["a", "<b>"] }.Problem(), StringComparison.Ordinal);
        Assert.Contains("at most 20", new RunNotes { Tags = [.. Enumerable.Range(0, 21).Select(tag => $"t{tag}")] }.Problem(),
            StringComparison.Ordinal);
        Assert.Contains("at most 10000", new RunNotes { Text = new('x', RunNotes.MostText + 1) }.Problem(), StringComparison.Ordinal);
    }

    public void Dispose() => _store.Dispose();
}

using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Tbptt.Grains;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Silo.Configuration;
using Orleans.Tbptt.Silo.Web.Feed;
using Orleans.Tbptt.Silo.Web.Listing;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Silo.Web.Listing;

public sealed class RunIndexTests : IDisposable
{
    private static readonly DateTimeOffset Begin = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private readonly TemporaryDirectory _store = new();
    private readonly RunFeeds _feeds;
    private readonly RunIndex _index;

    public RunIndexTests()
    {
        var settings = new SiloSettings { Runs = _store.Path };
        _feeds = new(null!, settings, Options.Create(new TbpttGrainsOptions()), TimeProvider.System, NullLogger<RunFeed>.Instance);
        _index = new(settings, _feeds, TimeProvider.System);
    }

    [Fact]
    public async Task Files_AreReadAgain_OnlyWhenTheyHaveChanged()
    {
        var runs = Enumerable.Range(0, 1_000).Select(number => Write($"run-{number}", Begin.AddSeconds(number), $"seed: {number}\n"))
            .ToList();
        var before = await _index.ListAsync();
        File.WriteAllText(runs[7].Spec, "seed: 7777\n");
        File.WriteAllText(runs[8].Notes, RunJson.Write(new RunNotes { Tags = ["best"] }));
        Directory.Delete(runs[999].Path, recursive: true);

        _index.Forget();
        var after = await _index.ListAsync();

        Assert.Equal(Enumerable.Range(0, 1_000).Reverse().Select(number => $"run-{number}"), before.Select(run => run.Id));
        Assert.Equal(999, after.Count);
        var known = before.ToDictionary(run => run.Id);
        Assert.Equal(["run-7"], after.Where(run => run.Spec != known[run.Id].Spec).Select(run => run.Id));
        Assert.Equal(["run-8"], after.Where(run => run.Notes.Tags.Count > 0).Select(run => run.Id));
        Assert.All(after, run => Assert.Same(known[run.Id].Status, run.Status));
    }

    [Fact]
    public async Task DamagedFile_HidesNoOtherRun_AndIsNamed()
    {
        Write("wave-1", Begin, "seed: 1\n");
        var damaged = Write("wave-2", Begin, "seed: 2\n");
        File.WriteAllText(damaged.Notes, "{");

        var runs = await _index.ListAsync();

        Assert.Equal(["wave-1", "wave-2"], runs.Select(run => run.Id));
        Assert.StartsWith($"{damaged.Notes}: ", Assert.Single(_index.Problems), StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _index.Dispose();
        _feeds.Dispose();
        _store.Dispose();
    }

    private RunDirectory Write(string id, DateTimeOffset submitted, string spec)
    {
        var run = new RunDirectory(_store.Path, RunId.Parse(id));
        Directory.CreateDirectory(run.Path);
        File.WriteAllText(run.Status, RunJson.Write(new RunStatus
        {
            Id = id, Name = id, State = RunState.Completed, Epochs = 1, SubmittedAt = submitted, UpdatedAt = submitted,
        }));
        File.WriteAllText(run.Spec, spec);
        return run;
    }
}

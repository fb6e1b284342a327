using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Tbptt.Grains;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Silo.Configuration;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Silo.Web.Feed;

/// <summary>The feeds of the runs with viewers at this silo. A feed without viewers is retired.</summary>
/// <param name="grains">Provides the coordinators.</param>
/// <param name="settings">Names the run store.</param>
/// <param name="options">Has the choices with which the silo reads specs.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The feeds' logger.</param>
internal sealed class RunFeeds(IGrainFactory grains, SiloSettings settings, IOptions<TbpttGrainsOptions> options, TimeProvider time,
    ILogger<RunFeed> logger) : BackgroundService
{
    /// <summary>
    /// A run in training is followed for this time after the last view, so that a returning viewer finds the strip complete.
    /// </summary>
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan RestMemory = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan SweepPeriod = TimeSpan.FromSeconds(10);

    /// <summary>How long a page waits for the events of a run that was not followed yet.</summary>
    private static readonly TimeSpan FirstPatience = TimeSpan.FromSeconds(3);

    private readonly ConcurrentDictionary<RunId, RunFeed> _feeds = [];

    /// <summary>The files of a run.</summary>
    /// <exception cref="RunNotFoundException">The text is not a valid run ID.</exception>
    public RunDirectory DirectoryOf(string id) =>
        RunId.TryParse(id, out var run) ? new(Path.GetFullPath(settings.Runs), run) : throw new RunNotFoundException(id);

    /// <summary>The coordinator of a run.</summary>
    /// <exception cref="RunNotFoundException">The text is not a valid run ID.</exception>
    public ICoordinatorGrain CoordinatorOf(string id) => grains.GetGrain<ICoordinatorGrain>(DirectoryOf(id).Id.Text);

    /// <summary>Follows a run, unless it is followed already.</summary>
    /// <exception cref="RunNotFoundException">There is no such run.</exception>
    /// <exception cref="OperationCanceledException">Nobody waits for it any more.</exception>
    public async Task<RunFeed> FollowAsync(string id, CancellationToken cancellation = default)
    {
        var feed = await FeedOfAsync(DirectoryOf(id), cancellation);
        await feed.RefreshAsync().WaitAsync(cancellation);
        await feed.CaughtUp.WaitAsync(FirstPatience, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellation.ThrowIfCancellationRequested();
        return feed;
    }

    /// <summary>The status of a run that is followed; does not count as a view.</summary>
    public RunStatus? Peek(string id) => RunId.TryParse(id, out var run) ? _feeds.GetValueOrDefault(run)?.Status : null;

    /// <summary>How a run is trained, as its spec says; null where that cannot be read.</summary>
    public TrainSpec? TrainOf(RunDirectory run) => ReadSpecText(run) is { } text
        ? options.Value.Choices.Reader.Parse(new(text, run.Spec, run.Path), filesMustExist: false).Spec?.Train
        : null;

    /// <summary>The text of a run's spec, if it can be read.</summary>
    public static string? ReadSpecText(RunDirectory run)
    {
        try
        {
            return File.ReadAllText(run.Spec);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(SweepPeriod, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await SweepAsync(_ => false);
        }
        catch (OperationCanceledException)
        {
            await SweepAsync(_ => true);
        }
    }

    private async Task<RunFeed> FeedOfAsync(RunDirectory directory, CancellationToken cancellation)
    {
        if (_feeds.TryGetValue(directory.Id, out var known) && known.TryKeep())
            return known;
        var coordinator = CoordinatorOf(directory.Id.Text);
        var status = await coordinator.GetStatus().WaitAsync(cancellation);
        while (true)
        {
            var made = default(RunFeed);
            var feed = _feeds.GetOrAdd(directory.Id, _ =>
                made = new(directory, status, TrainOf(directory), coordinator, time, logger) { LastView = time.GetTimestamp() });
            if (made is not null && made != feed)
                await made.DisposeAsync();
            if (feed.TryKeep())
                return feed;

            // The feed is being retired: the retiring thread has removed it, or is about to.
            _feeds.TryRemove(new(directory.Id, feed));
        }
    }

    private async Task SweepAsync(Predicate<RunFeed> also)
    {
        foreach (var (run, feed) in _feeds)
        {
            if (!also(feed) && !feed.TryRetire(feed.Rests ? RestMemory : Memory))
                continue;
            _feeds.TryRemove(new(run, feed));
            await feed.DisposeAsync();
        }
    }
}

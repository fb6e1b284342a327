using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Silo.Configuration;
using Orleans.Tbptt.Silo.Web.Feed;
using Orleans.Tbptt.Specs.Comparing;

namespace Orleans.Tbptt.Silo.Web.Listing;

/// <summary>
/// All runs of the run store, for pages: of each run the status, the spec and the notes, read again only when their files have changed. No
/// journal is read.
/// </summary>
/// <param name="settings">Names the run store.</param>
/// <param name="feeds">Knows newer statuses of the runs that are followed here.</param>
/// <param name="time">The clock.</param>
internal sealed class RunIndex(SiloSettings settings, RunFeeds feeds, TimeProvider time) : IDisposable
{
    /// <summary>Requests within this time see the same list.</summary>
    private static readonly TimeSpan Freshness = TimeSpan.FromMilliseconds(250);

    private readonly string _root = Path.GetFullPath(settings.Runs);
    private readonly SemaphoreSlim _gate = new(1);
    private Dictionary<string, Known> _known = [];
    private IReadOnlyList<string> _problems = [];
    private long _looked;

    /// <summary>What cannot be read, each with its place and cause, as of the last list.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <summary>The runs, newest first.</summary>
    public async Task<IReadOnlyList<RunEntry>> ListAsync()
    {
        await _gate.WaitAsync();
        try
        {
            if (_looked == 0 || time.GetElapsedTime(_looked) > Freshness)
            {
                await Task.Run(Look);
                _looked = time.GetTimestamp();
            }

            var now = time.GetUtcNow();
            return [.. _known.Values.Where(run => run.Status.Value is not null).Select(run => Entry(run, now))
                .OrderByDescending(run => run.Status.SubmittedAt).ThenBy(run => run.Id, StringComparer.Ordinal)];
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>The next list is read anew, because this silo has just changed a file.</summary>
    public void Forget() => _looked = 0;

    /// <inheritdoc/>
    public void Dispose() => _gate.Dispose();

    private RunEntry Entry(Known run, DateTimeOffset now)
    {
        var status = feeds.Peek(run.Directory.Id.Text) is { } newer && newer.UpdatedAt > run.Status.Value!.UpdatedAt ? newer
            : run.Status.Value!;
        return new(new(run.Directory, status, now), run.Spec.Value ?? NoSpec, run.Notes.Value ?? RunNotes.None);
    }

    private static readonly Dictionary<string, string> NoSpec = [];

    private void Look()
    {
        var known = new Dictionary<string, Known>();
        var problems = new List<string>();
        foreach (var directory in RunDirectory.All(_root))
        {
            var before = _known.GetValueOrDefault(directory.Id.Text) ?? new(directory);
            known[directory.Id.Text] = before with
            {
                Status = before.Status.Look(directory.Status, () => directory.ReadStatus()),
                Spec = before.Spec.Look(directory.Spec, () => SpecKeys.Of(File.ReadAllText(directory.Spec))),
                Notes = before.Notes.Look(directory.Notes, () => RunNotes.Read(directory)),
            };
            problems.AddRange(known[directory.Id.Text].Problems);
        }

        (_known, _problems) = (known, problems);
    }

    /// <summary>A run's files as they were last read.</summary>
    private sealed record Known(RunDirectory Directory)
    {
        public CachedFile<RunStatus> Status { get; init; } = CachedFile<RunStatus>.Nothing;

        public CachedFile<IReadOnlyDictionary<string, string>> Spec { get; init; } =
            CachedFile<IReadOnlyDictionary<string, string>>.Nothing;

        public CachedFile<RunNotes> Notes { get; init; } = CachedFile<RunNotes>.Nothing;

        public IEnumerable<string> Problems => new[] { Status.Problem, Spec.Problem, Notes.Problem }.OfType<string>();
    }
}

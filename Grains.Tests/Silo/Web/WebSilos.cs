using Orleans.Tbptt.Client.Watching;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Support.Servers;

namespace Orleans.Tbptt.Tests.Silo.Web;

/// <summary>Silo processes of one cluster, as a service manager runs them, with their pages, and a client that submits runs.</summary>
internal sealed class WebSilos : IAsyncDisposable
{
    private readonly TemporaryDirectory _store = new();
    private readonly List<StandingSilo> _silos = [];
    private ClusterConnection? _connection;
    private int _runs;

    /// <summary>The silos, in the order in which they were started.</summary>
    public IReadOnlyList<StandingSilo> Silos => _silos;

    /// <summary>The page of each silo.</summary>
    public IReadOnlyList<Uri> Pages => [.. _silos.Select(silo => new Uri(silo.Announced("page").Split(' ')[0]))];

    /// <summary>The grains.</summary>
    public IGrainFactory Grains => _connection!.Grains;

    /// <summary>Starts silos.</summary>
    /// <param name="silos">How many.</param>
    /// <param name="environment">Environment variables of theirs.</param>
    /// <param name="arguments">More of their command line.</param>
    public static async Task<WebSilos> StartAsync(int silos, IReadOnlyDictionary<string, string>? environment = null,
        params string[] arguments)
    {
        var all = new WebSilos();
        try
        {
            for (int silo = 1; silo <= silos; silo++)
                all._silos.Add(StandingSilo.Start(["--runs", all._store.Path, "--name", $"silo-{silo}", .. arguments], environment));
            foreach (var silo in all._silos)
                await silo.ReadyAsync(CancellationToken.None);
            all._connection = await ClusterConnection.OpenAsync(Path.Combine(all._store.Path, ".cluster", "membership.db"), "tbptt",
                CancellationToken.None);
            return all;
        }
        catch
        {
            await all.DisposeAsync();
            throw;
        }
    }

    /// <summary>Submits a run and fails the test when it is refused.</summary>
    public Task<RunId> SubmitAsync(RunSpec spec) => Grains.Submit(spec, Interlocked.Increment(ref _runs));

    /// <summary>Trains a run to its end.</summary>
    public async Task<RunId> TrainAsync(RunSpec spec)
    {
        var run = await SubmitAsync(spec);
        for (long seen = 0; ;)
        {
            var page = await Coordinator(run).ReadEvents(seen, 10_000);
            if (page.Lines.Count > 0 && RunJson.ReadEvent(page.Lines[^1]) is RunEnded)
                return run;
            seen = page.Last;
        }
    }

    /// <summary>Another run in the store, with the files of one that has ended.</summary>
    public RunDirectory Copy(RunId run)
    {
        var (from, to) = (new RunDirectory(_store.Path, run),
            new RunDirectory(_store.Path, RunId.Parse($"{run}-copy-{Interlocked.Increment(ref _runs)}")));
        Directory.CreateDirectory(to.Path);
        foreach (string file in Directory.EnumerateFiles(from.Path))
            File.Copy(file, Path.Combine(to.Path, Path.GetFileName(file)));
        return to;
    }

    /// <summary>The coordinator of a run.</summary>
    public ICoordinatorGrain Coordinator(RunId run) => Grains.GetGrain<ICoordinatorGrain>(run.Text);

    /// <summary>A client of a silo's pages that keeps cookies and follows no redirection.</summary>
    public HttpClient Client(int silo = 0) => new(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = Pages[silo] };

    public async ValueTask DisposeAsync()
    {
        if (_connection is { } connection)
            await connection.DisposeAsync();
        foreach (var silo in _silos)
            silo.Dispose();
        _store.Dispose();
    }
}

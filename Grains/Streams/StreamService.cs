using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Streams;

/// <summary>The streams of the cluster, as one of its silos sees them.</summary>
public sealed class StreamService
{
    private const char Separator = '/';
    private readonly StreamServices _services;
    private readonly IGrainFactory _grains;
    private readonly ISiloStatusOracle _silos;
    private readonly TimeSpan _patience;
    private volatile Task? _hangingList;

    /// <param name="services">What the streams of this silo share.</param>
    /// <param name="grains">Finds the streams of other silos.</param>
    /// <param name="silos">Names silos.</param>
    /// <param name="patience">How long this silo's own disk is waited for: as long as a call of another silo's stream.</param>
    internal StreamService(StreamServices services, IGrainFactory grains, ISiloStatusOracle silos, TimeSpan patience) =>
        (_services, _grains, _silos, _patience) = (services, grains, silos, patience);

    /// <summary>The names of all models: those that the settings give to packages, and the runs that have ended with one.</summary>
    public IReadOnlyList<RunId> Names => _services.Models.Names;

    /// <summary>The names that the settings give to packages.</summary>
    public IReadOnlyCollection<RunId> Packages => _services.Models.Packages;

    /// <summary>A stream, there or not.</summary>
    public IStreamGrain this[StreamKey key] => _grains.GetGrain<IStreamGrain>(key.ToString());

    /// <summary>Answers rows as their stream does, wherever it lives.</summary>
    /// <exception cref="StreamUnavailableException">
    /// The logs cannot be read or written, or this silo's disk hangs; then the rows may have been taken.
    /// </exception>
    /// <exception cref="TimeoutException">Another silo does not answer.</exception>
    public async Task<StreamReply> PredictAsync(StreamKey key, StreamRows rows) =>
        (_services.Local.TryGet(key, out var stream) ? await OfTheDiskAsync(stream.PredictAsync(rows), $"stream {key}") : null)
        ?? await this[key].Predict(rows);

    /// <summary>The columns of a model's rows.</summary>
    /// <exception cref="ModelNotServedException">There is no such model, or it cannot be served.</exception>
    public async ValueTask<StreamColumns> ColumnsAsync(RunId model) => (await _services.Models.FindAsync(model)).Description;

    /// <summary>The streams of a model, by their IDs in ordinal order.</summary>
    /// <param name="model">The model.</param>
    /// <param name="query">Which of them.</param>
    /// <param name="patience">How long the silo's disk is waited for; null, the default, for as long as for rows.</param>
    /// <exception cref="StreamUnavailableException">The logs cannot be read.</exception>
    public async Task<StreamList> ListAsync(RunId model, StreamQuery query, TimeSpan? patience = null)
    {
        ArgumentNullException.ThrowIfNull(query);
        string prefix = $"{model.Text}{Separator}";
        string what = $"the streams of {model}";

        // Pages ask again and again: further lists would only wait behind one that hangs.
        if (_hangingList is { IsCompleted: false })
            throw Unavailable(what, "an earlier list still waits");
        var reading = _services.Worker.Ask(log => log.ReadAll());
        try
        {
            var index = await OfTheDiskAsync(reading, what, patience).ConfigureAwait(false);
            return index.List(prefix, query, EntryOf);
        }
        catch (StreamUnavailableException) when (!reading.IsCompleted)
        {
            _hangingList = reading;
            throw;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new StreamUnavailableException($"{what} cannot be read: {exception.Message}");
        }
    }

    private StreamEntry EntryOf(string stream, StreamSummary summary)
    {
        var taken = new DateTimeOffset(summary.Ticks, TimeSpan.Zero);
        return new(stream, summary.Last, taken, taken + _services.Options.Expiry, NameOf(summary.Owner));
    }

    /// <summary>The name of a silo; its address where it has left.</summary>
    private string NameOf(string silo) =>
        _silos.TryGetSiloName(SiloAddress.FromParsableString(silo), out string? name) ? name : silo;

    /// <summary>What a disk that hangs does not answer is an error after some time, as a call of another silo is.</summary>
    private async Task<T> OfTheDiskAsync<T>(Task<T> work, string what, TimeSpan? patience = null)
    {
        var most = patience ?? _patience;
        if (work.IsCompleted)
            return await work;
        try
        {
            return await work.WaitAsync(most, _services.Time);
        }
        catch (TimeoutException)
        {
            throw Unavailable(what, $"found no answer within {most.TotalSeconds:0.#} s");
        }
    }

    private static StreamUnavailableException Unavailable(string what, string found) => new(
        $"{what}: {found}, expected an answer at once; look whether the run store's disk hangs or the silo is overloaded, and send the "
        + "request again, rows under the same numbers, whether they were taken or not");
}

/// <summary>The columns of the rows of a served model.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Version">The SHA-256 of its parameters, the first 32 hexadecimal digits.</param>
/// <param name="Numbers">The columns of numbers of a row, in order.</param>
/// <param name="Texts">Those of texts, in order.</param>
/// <param name="Targets">What is forecast, in order, in the units of the columns.</param>
/// <param name="Horizon">Rows from a row to the one that is forecast from it.</param>
public sealed record StreamColumns(
    RunId Model, string Version, IReadOnlyList<string> Numbers, IReadOnlyList<string> Texts, IReadOnlyList<string> Targets, int Horizon);

/// <summary>Which streams of a model are listed.</summary>
/// <param name="Part">What their IDs contain, in upper or lower case; empty for all.</param>
/// <param name="After">The ID after which to begin; empty for the first.</param>
/// <param name="Most">How many at most.</param>
public sealed record StreamQuery(string Part, string After, int Most);

/// <summary>Some streams of a model.</summary>
/// <param name="Count">How many it has.</param>
/// <param name="Found">How many of them the query finds, listed or not.</param>
/// <param name="Streams">Some of those, in order.</param>
public sealed record StreamList(int Count, int Found, IReadOnlyList<StreamEntry> Streams);

/// <summary>A stream in a list.</summary>
/// <param name="Stream">Its ID.</param>
/// <param name="Last">The number of its last row.</param>
/// <param name="TakenAt">When that was taken.</param>
/// <param name="ExpiresAt">When the stream is forgotten if no further row comes.</param>
/// <param name="Silo">The silo whose log has that row: where the stream lives, as long as it takes rows.</param>
public sealed record StreamEntry(string Stream, long Last, DateTimeOffset TakenAt, DateTimeOffset ExpiresAt, string Silo);

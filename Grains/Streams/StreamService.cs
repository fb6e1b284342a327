using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Streams;

/// <summary>The streams of the cluster, as one of its silos sees them.</summary>
public sealed class StreamService
{
    private const char Separator = '/';
    private readonly StreamServices _services;
    private readonly IGrainFactory _grains;

    internal StreamService(StreamServices services, IGrainFactory grains) => (_services, _grains) = (services, grains);

    /// <summary>The names of all models: those that the settings give to packages, and the runs that have ended with one.</summary>
    public IReadOnlyList<RunId> Names => _services.Models.Names;

    /// <summary>A stream, there or not.</summary>
    public IStreamGrain this[StreamKey key] => _grains.GetGrain<IStreamGrain>(key.ToString());

    /// <summary>Answers rows as their stream does, wherever it lives.</summary>
    /// <exception cref="StreamUnavailableException">The logs cannot be read or written.</exception>
    public async Task<StreamReply> PredictAsync(StreamKey key, StreamRows rows) =>
        (_services.Local.TryGet(key, out var stream) ? await stream.PredictAsync(rows) : null) ?? await this[key].Predict(rows);

    /// <summary>The columns of a model's rows.</summary>
    /// <exception cref="ModelNotServedException">There is no such model, or it cannot be served.</exception>
    public async ValueTask<StreamColumns> ColumnsAsync(RunId model) => (await _services.Models.FindAsync(model)).Description;

    /// <summary>The streams of a model, by their IDs in ordinal order.</summary>
    /// <param name="model">The model.</param>
    /// <param name="after">The ID after which to begin; empty for the first.</param>
    /// <param name="most">How many at most.</param>
    /// <exception cref="StreamUnavailableException">The logs cannot be read.</exception>
    public async Task<StreamList> ListAsync(RunId model, string after, int most)
    {
        string prefix = $"{model.Text}{Separator}";
        try
        {
            var (count, streams) = await _services.Worker.Ask(log => log.List(prefix, prefix + after, most));
            return new(count,
                [.. streams.Select(one => new StreamEntry(one.Key[prefix.Length..], one.Last, new(one.Ticks, TimeSpan.Zero)))]);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new StreamUnavailableException($"the streams of {model} cannot be read: {exception.Message}");
        }
    }
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

/// <summary>Some streams of a model.</summary>
/// <param name="Count">How many it has.</param>
/// <param name="Streams">Some of them, in order.</param>
public sealed record StreamList(int Count, IReadOnlyList<StreamEntry> Streams);

/// <summary>A stream in a list.</summary>
/// <param name="Stream">Its ID.</param>
/// <param name="Last">The number of its last row.</param>
/// <param name="TakenAt">When that was taken.</param>
public sealed record StreamEntry(string Stream, long Last, DateTimeOffset TakenAt);

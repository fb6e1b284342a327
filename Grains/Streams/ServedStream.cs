using Orleans.Tbptt.Protocol;

namespace Orleans.Tbptt.Grains.Streams;

/// <summary>
/// A stream: its last rows and the hidden state behind them. Answers a row that was taken before as then, takes those that follow, and
/// refuses others.
/// </summary>
/// <remarks>
/// Any thread may call: calls take turns, in the order in which they come, <see cref="ReadAsync"/> excepted. So requests of its silo need
/// no message to its grain (<see cref="StreamService.PredictAsync"/>).
/// </remarks>
/// <param name="key">Its key.</param>
/// <param name="services">What the streams of a silo share.</param>
#pragma warning disable CA1001 // Calls may still wait for the semaphore when the stream has left; it holds nothing but memory.
internal sealed class ServedStream(StreamKey key, StreamServices services)
#pragma warning restore CA1001
{
    /// <summary>Rows that are computed and written together: others need not wait for all of a long request.</summary>
    private const int Piece = ServeOptions.LeastKeptRows;

    /// <summary>How often rows are begun anew whose silo lost its streams to another one, which holds it for dead.</summary>
    private const int Attempts = 3;

    /// <summary>How long a reader waits for a row.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly string _key = key.ToString();
    private readonly SemaphoreSlim _turn = new(1, 1);
    private StreamState? _state;
    private TaskCompletionSource _taken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _hasLeft;

    /// <inheritdoc cref="IStreamGrain.Predict"/>
    /// <returns>Null where the stream has left this silo.</returns>
    public async Task<StreamReply?> PredictAsync(StreamRows rows)
    {
        long begin = services.Time.GetTimestamp();
        StreamReply reply;
        await _turn.WaitAsync();
        try
        {
            if (_hasLeft)
                return null;
            reply = await AnswerAsync(rows);
        }
        finally
        {
            _turn.Release();
        }

        services.Instruments.OnAnswered(rows.Rows?.Count ?? 0, reply.Outcome, services.Time.GetElapsedTime(begin));
        return reply;
    }

    /// <summary>
    /// Ends behind the call that is in it, and answers no further one: another silo may have the stream next, and what this one wrote
    /// later would not count.
    /// </summary>
    public async Task LeaveAsync()
    {
        await _turn.WaitAsync();
        _hasLeft = true;
        _turn.Release();
    }

    /// <inheritdoc cref="IStreamGrain.Read"/>
    public async Task<StreamPage> ReadAsync(long after)
    {
        // A call that takes rows may run at the same time: so this one changes nothing.
        var taken = _taken.Task;
        var state = _state ?? await ReadLogAsync();
        if (state.Last == after)
        {
            await taken.WaitAsync(Patience, services.Time).ConfigureAwait(
                ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            state = _state ?? state;
        }

        KeptRow[] rows = [.. state.Kept.Where(row => row.Number > after || state.Last < after)];
        return new(rows.Length > 0 ? rows[0].Number : after + 1, state.Last, [.. rows.Select(row => row.Forecasts)]);
    }

    /// <summary>The stream after its last row.</summary>
    /// <exception cref="StreamUnavailableException">The logs cannot be read.</exception>
    public async Task<StreamState> DescribeAsync()
    {
        await _turn.WaitAsync();
        try
        {
            return await LoadAsync();
        }
        finally
        {
            _turn.Release();
        }
    }

    private async ValueTask<StreamState> LoadAsync()
    {
        if (_state is { } state && state.Incarnation == services.Worker.Incarnation
            && (state.Last == 0 || services.Time.GetUtcNow() - state.TakenAt <= services.Options.Expiry))
            return state;
        return _state = await ReadLogAsync();
    }

    private async Task<StreamState> ReadLogAsync()
    {
        try
        {
            return await services.Worker.Ask(log => log.Load(_key));
        }
        catch (Exception exception) when (IsOfTheLog(exception))
        {
            throw Unavailable(exception);
        }
    }

    /// <inheritdoc cref="IStreamGrain.Delete"/>
    public async Task<bool> DeleteAsync()
    {
        await _turn.WaitAsync();
        try
        {
            var state = await LoadAsync();
            if (state.Last == 0)
                return false;
            _state = null;
            return await services.Worker.Ask(log =>
            {
                log.Forget(_key, state);
                log.Commit();
                return true;
            });
        }
        catch (Exception exception) when (IsOfTheLog(exception))
        {
            throw Unavailable(exception);
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task<StreamReply> AnswerAsync(StreamRows rows)
    {
        if (Mistake(rows) is { } mistake)
            return Refusal(StreamOutcome.Refused, mistake, 0);
        var forecasts = new double[rows.Rows.Count][];
        for (int attempt = 1; ; attempt++)
        {
            ServedModel model;
            try
            {
                model = await services.Models.FindAsync(key.Model);
            }
            catch (ModelNotServedException exception)
            {
                return Refusal(StreamOutcome.NoModel, exception.Message, 0);
            }

            var state = await LoadAsync();
            try
            {
                if (Taken(rows, state, forecasts, out int taken) is { } refusal)
                    return refusal;
                if (await TakeAsync(rows, taken, model, state, forecasts) is { } refused)
                    return refused;
                return new() { Outcome = StreamOutcome.Answered, Next = _state!.Last + 1, Forecasts = forecasts };
            }
            catch (StreamsTakenException) when (attempt < Attempts)
            {
                // Loaded anew; rows that count are found there.
                _state = null;
            }
            catch (Exception exception) when (IsOfTheLog(exception))
            {
                throw Unavailable(exception);
            }
        }
    }

    /// <summary>Answers the rows that were taken before.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="state">The stream.</param>
    /// <param name="forecasts">Receives the answers.</param>
    /// <param name="taken">How many of them were.</param>
    /// <returns>Why not; null where they are answered.</returns>
    private static StreamReply? Taken(StreamRows rows, StreamState state, double[][] forecasts, out int taken)
    {
        long next = state.Last + 1;
        taken = (int)Math.Clamp(next - rows.First, 0, rows.Rows.Count);
        if (rows.First > next)
        {
            return Refusal(
                StreamOutcome.Gap, $"first: found {rows.First}, expected {next}, the number behind the last row; "
                + (next == 1 ? "begin at 1, because there is no such stream, or it has expired" : "send the rows between"), next);
        }

        for (int i = 0; i < taken; i++)
        {
            long number = rows.First + i;
            if (state.Kept.Count == 0 || number < state.Kept[0].Number)
            {
                return Refusal(
                    StreamOutcome.Gone, $"first: found {rows.First}, expected {(state.Kept.Count == 0 ? next : state.Kept[0].Number)} to "
                    + $"{next}: row {number} was answered, and its answer is not kept any more", next);
            }

            var kept = state.Kept[(int)(number - state.Kept[0].Number)];
            if (!kept.Cells.AsSpan().SequenceEqual(RowCells.Of(rows.Rows[i])))
            {
                return Refusal(
                    StreamOutcome.Conflict, $"rows[{i}]: found other cells than row {number} had when it was answered, expected the same, "
                    + $"or the number {next} for a further row", next);
            }

            forecasts[i] = kept.Forecasts;
        }

        return null;
    }

    /// <summary>Takes further rows, some at a time.</summary>
    private async Task<StreamReply?> TakeAsync(StreamRows rows, int from, ServedModel model, StreamState state, double[][] forecasts)
    {
        // All are read before any is taken.
        if (StreamInputs.Check(rows, from, model, state) is { } refusal)
            return Refusal(StreamOutcome.Refused, refusal, state.Last + 1);
        while (from < rows.Rows.Count)
        {
            int count = Math.Min(Piece, rows.Rows.Count - from);
            var job = StreamInputs.JobOf(_key, model, state, rows.Rows.Skip(from).Take(count).ToArray(), services.Options.Takeover);
            _state = state = await services.Worker.Take(job);
            Interlocked.Exchange(ref _taken, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
            for (int i = 0; i < count; i++)
                forecasts[from + i] = state.Kept[state.Kept.Count - count + i].Forecasts;
            from += count;
        }

        return null;
    }

    /// <summary>What is wrong with a request, whichever stream it is for: a client is not to be trusted.</summary>
    private static string? Mistake(StreamRows rows) => rows.First < 1
        ? $"first: found {rows.First}, expected the number of the first row, 1 for a new stream"
        : rows.Rows is not { Count: > 0 and <= StreamRows.Most }
        ? $"rows: found {rows.Rows?.Count ?? 0}, expected 1 to {StreamRows.Most}; send the others in a further request"
        : rows.Rows.Any(row => row.Numbers is null || row.Texts is null) ? "rows: found a row without cells, expected numbers and texts"
        : null;

    private static StreamReply Refusal(StreamOutcome outcome, string problem, long next) =>
        new() { Outcome = outcome, Problem = problem, Next = next };

    /// <summary>Whether the log cannot be read or written, or the silo ends.</summary>
    private static bool IsOfTheLog(Exception exception) =>
        exception is IOException or UnauthorizedAccessException or InvalidDataException or ObjectDisposedException;

    private StreamUnavailableException Unavailable(Exception exception) =>
        new($"stream {_key} cannot be read or written: {exception.Message}; the row was not answered, send it again");
}

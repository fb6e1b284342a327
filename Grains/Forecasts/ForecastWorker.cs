using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Specs.Reading;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Grains.Forecasts;

/// <summary>
/// Computes this silo's blocks of forecasts: as many at a time as it has slots without a trainer, at least one. A block is short and holds
/// no slot: a run that begins has its slots at once, and the next blocks get what it leaves.
/// </summary>
/// <param name="free">Says how many slots have no trainer now.</param>
/// <param name="drain">Waits for blocks when the silo is asked to end.</param>
/// <param name="reader">Reads specs.</param>
internal sealed class ForecastWorker(Func<int> free, SiloDrain drain, SpecReader reader) : IDisposable
{
    /// <summary>Models that are kept.</summary>
    internal const int MostModels = 16;

    /// <summary>Bytes of the parameters of all models that are kept, unless the last one has more; each thread has a copy.</summary>
    private const long MostBytes = 1L << 30;

    private readonly Lock _gate = new();
    private readonly Queue<Action> _waiting = [];

    /// <summary>The models, the one that was used last at the end.</summary>
    private readonly List<BlockForecaster> _models = [];
    private int _threads;

    /// <summary>Threads that compute.</summary>
    internal int Threads
    {
        get
        {
            lock (_gate)
                return _threads;
        }
    }

    /// <summary>Threads that may compute now.</summary>
    private int Most => Math.Max(1, free());

    /// <summary>Keeps a model in the place of that which was not used for longest.</summary>
    /// <returns>Why it cannot be used; empty where it can.</returns>
    public Task<string> Load(ForecastModel model) => Do(() =>
    {
        try
        {
            var loaded = BlockForecaster.Load(model, reader);
            List<BlockForecaster> former = [];
            lock (_gate)
            {
                if (Find(model.Hash) is not null)
                    return "";
                _models.Add(loaded);
                while (_models.Count > MostModels || (_models.Count > 1 && _models.Sum(one => one.Bytes) > MostBytes))
                {
                    former.Add(_models[0]);
                    _models.RemoveAt(0);
                }
            }

            foreach (var one in former)
                one.Dispose();
            return "";
        }
        catch (ModelPackageException exception)
        {
            return exception.Message;
        }
    });

    /// <summary>Computes a block.</summary>
    public Task<ForecastReply> Compute(ForecastBlock block) => Do(() =>
    {
        BlockForecaster? model;
        lock (_gate)
            model = Find(block.Model);
        var reply = model?.Compute(block) ?? new() { LacksModel = true };
        block.Values.Dispose();
        block.Hidden.Dispose();
        return reply;
    });

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var model in _models)
                model.Dispose();
            _models.Clear();
        }
    }

    private BlockForecaster? Find(string hash)
    {
        int at = _models.FindIndex(model => model.Hash == hash);
        if (at < 0)
            return null;
        var found = _models[at];
        _models.RemoveAt(at);
        _models.Add(found);
        return found;
    }

    /// <summary>Does something on a thread of its own when its turn comes.</summary>
    internal Task<T> Do<T>(Func<T> work)
    {
        // Asynchronously, so that an awaiting grain continues on its scheduler and not on this thread.
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _waiting.Enqueue(() =>
            {
                using var living = drain.Enter("forecasts");
                try
                {
                    done.SetResult(work());
                }
#pragma warning disable CA1031 // Whatever it is, it belongs to the caller.
                catch (Exception exception)
#pragma warning restore CA1031
                {
                    done.SetException(exception);
                }
            });
            if (_threads < Most)
            {
                _threads++;
                // Without the caller's execution context: its span would contain all that the thread does.
                new Thread(Run) { Name = "tbptt forecasts", IsBackground = true }.UnsafeStart();
            }
        }

        return done.Task;
    }

    /// <summary>Works until nothing waits, or a trainer has taken the thread's slot.</summary>
    private void Run()
    {
        while (true)
        {
            Action? next;
            lock (_gate)
            {
                if (_threads > Most || !_waiting.TryDequeue(out next))
                {
                    _threads--;
                    return;
                }
            }

            next();
        }
    }
}

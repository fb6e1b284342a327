using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Client.Models.Bulk;

/// <summary>Computes blocks in this process, on all cores.</summary>
/// <param name="model">The model.</param>
/// <param name="slots">Blocks at a time.</param>
internal sealed class LocalBlocks(ForecastModel model, int slots) : IBlockComputer, IDisposable
{
    // The replica of a block packs each weight for both directions, next to the parameters themselves.
    private const long BytesPerParameter = 4 * sizeof(float);

    private readonly BlockForecaster _forecaster = BlockForecaster.Load(model, SpecLoader.Reader);
    private readonly SemaphoreSlim _free = new(slots);

    /// <inheritdoc/>
    public int Slots => slots;

    /// <summary>
    /// Blocks that this machine computes at a time: one a core, fewer where the copies of a large model would take more than half of its
    /// memory.
    /// </summary>
    /// <param name="parameters">Parameters of the model.</param>
    /// <param name="memory">Bytes of memory that the process may use.</param>
    /// <param name="cores">Cores.</param>
    public static int SlotsFor(int parameters, long memory, int cores) =>
        (int)Math.Clamp(memory / 2 / (BytesPerParameter * Math.Max(1L, parameters)), 1, cores);

    /// <inheritdoc/>
    public async Task<ForecastReply> ComputeAsync(ForecastBlock block, CancellationToken cancellation)
    {
        await _free.WaitAsync(cancellation);
        try
        {
            return await Task.Run(() => _forecaster.Compute(block), cancellation);
        }
        finally
        {
            _free.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _forecaster.Dispose();
        _free.Dispose();
    }
}

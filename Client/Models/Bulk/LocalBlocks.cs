using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Client.Models.Bulk;

/// <summary>Computes blocks in this process, on all cores.</summary>
/// <param name="model">The model.</param>
/// <param name="slots">Blocks at a time.</param>
internal sealed class LocalBlocks(ForecastModel model, int slots) : IBlockComputer, IDisposable
{
    private readonly BlockForecaster _forecaster = BlockForecaster.Load(model, SpecLoader.Reader);
    private readonly SemaphoreSlim _free = new(slots);

    /// <inheritdoc/>
    public int Slots => slots;

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

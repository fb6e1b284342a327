using Orleans.Tbptt.Protocol;

namespace Orleans.Tbptt.Client.Models.Bulk;

/// <summary>Computes blocks of forecasts, several at a time.</summary>
internal interface IBlockComputer
{
    /// <summary>Blocks that it computes at a time.</summary>
    int Slots { get; }

    /// <summary>Computes a block when its turn comes.</summary>
    /// <param name="block">The block, which stays unchanged.</param>
    /// <param name="cancellation">Gives it up.</param>
    /// <exception cref="ClientException">Nobody can compute it.</exception>
    Task<ForecastReply> ComputeAsync(ForecastBlock block, CancellationToken cancellation);
}

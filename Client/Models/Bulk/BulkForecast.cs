using Orleans.Tbptt.Data;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Client.Models.Bulk;

/// <summary>
/// Forecasts from many series at a time, wherever their blocks are computed, and passes the forecasts on in order. They have the bits of
/// <see cref="Forecaster"/>.
/// </summary>
internal static class BulkForecast
{
    /// <summary>Forecasts from every time step of every sequence.</summary>
    /// <param name="model">The model.</param>
    /// <param name="data">What it forecasts from.</param>
    /// <param name="hidden">The hidden state of each sequence before its first time step; replaced by that after its last.</param>
    /// <param name="computer">Computes.</param>
    /// <param name="take">Receives the forecasts, sequence by sequence, in order of time.</param>
    /// <param name="wholes">
    /// Whether the model takes sequences whole (<see cref="Orleans.Tbptt.Specs.RunSpec.TakesWholeSequences"/>).
    /// </param>
    /// <param name="work">Multiplications of a block, about.</param>
    /// <exception cref="ClientException">Nobody can compute any more.</exception>
    public static async Task RunAsync(
        ForecastModel model, IForecastData data, Memory<float> hidden, IBlockComputer computer, ForecastChunk take,
        bool wholes = false, long work = SeriesGroups.DefaultWork)
    {
        var groups = new SeriesGroups(
            data.Sequences, data.Targets.Count, data.Shape.InputFeatures + (2 * data.Shape.Codes), model.Parameters.Length, computer.Slots,
            wholes, work);
        var units = new ForecastUnits(data, take);
        int state = hidden.Length / Math.Max(1, data.Sequences.Count);
        using var end = new CancellationTokenSource();
        var ahead = new Queue<SeriesChain>();
        var running = new List<Task>();
        try
        {
            foreach (var (first, count) in groups.All())
            {
                // Twice as many as are computed at a time, so that none waits while the first one of them is passed on.
                if (ahead.Count == 2 * computer.Slots)
                {
                    await ahead.Dequeue().TakeAsync(units, end.Token);
                    running.RemoveAll(task => task.IsCompleted);
                }

                var chain = new SeriesChain(data, first, count, groups.Steps(first, count));
                ahead.Enqueue(chain);
                var states = hidden.Slice(first * state, count * state);
                running.Add(Task.Run(() => chain.RunAsync(model.Hash, states, computer, end.Token)));
            }

            while (ahead.TryDequeue(out var chain))
                await chain.TakeAsync(units, end.Token);
        }
        finally
        {
            // They read the data, which the caller closes.
            await end.CancelAsync();
            await Task.WhenAll(running);
        }
    }
}

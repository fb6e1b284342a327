namespace Orleans.Tbptt.Grains.Progress;

/// <summary>Where a run stands between two steps: the chunk that comes next.</summary>
/// <param name="Epoch">Its epoch, from 0; the number of epochs when all is done.</param>
/// <param name="Chunk">Its place in the epoch's plan, from 0; behind the last one when only the evaluation is still to come.</param>
internal readonly record struct RunCursor(int Epoch, long Chunk);

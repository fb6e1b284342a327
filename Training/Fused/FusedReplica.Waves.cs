using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Fused.Threads;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Fused;

/// <content>
/// Waves over layers and time, where there are too few lanes to divide them among the threads: a layer runs over a part of the chunk's time
/// steps while the one below it runs over the next part; on the way back while the one above it runs over the part before.
/// <code>
/// thread 0   layer 0   part 0   part 1   part 2   part 3
/// thread 1   layer 1            part 0   part 1   part 2   part 3
/// </code>
/// </content>
public sealed unsafe partial class FusedReplica
{
    /// <summary>Parts of a chunk at most: the first and the last one are computed by one thread alone.</summary>
    private const int MostParts = 32;

    /// <summary>Multiply-adds of a part, or what takes as long, for which handing it over takes no time to speak of.</summary>
    private const long LeastPart = 100_000;

    /// <summary>
    /// Multiply-adds of a layer from which on its gradients are divided, and not the layers, which may be of unlike size.
    /// </summary>
    private const long LargeLayer = 50_000_000;

    /// <summary>For each layer, how many parts it has behind it.</summary>
    private readonly int[] _progress;

    /// <summary>Whether the layers run at the same time. Whether it pays depends on the chunk; no bit does.</summary>
    private bool TakesWaves => _team.Size > 1 && _layers.Length > 1 && !_layers[0].DividesLanes(_times) && Parts > 2;

    private int Parts => (int)Math.Min(
        Math.Min(MostParts, _times.Steps.Length), _layers[0].CostOf(_times.Rows) / Math.Clamp(_team.Least, 1, LeastPart));

    private void ForwardInWaves(DropoutMasks dropout)
    {
        Array.Clear(_progress);
        _team.Run(new ForwardWaves(this, dropout.DropsBetween, Parts));
    }

    private void BackwardInWaves(DropoutMasks dropout)
    {
        Array.Clear(_progress);
        _team.Run(new BackwardWaves(this, dropout.DropsBetween, Parts));
    }

    private readonly struct ForwardWaves(FusedReplica replica, bool dropped, int parts) : ITeamWork
    {
        public void Do(int member)
        {
            int top = replica._layers.Length - 1;
            for (int index = member; index <= top; index += replica._team.Size)
            {
                var layer = replica._layers[index];
                for (int part = 0; part < parts; part++)
                {
                    if (index > 0)
                        replica._team.AwaitProgress(ref replica._progress[index - 1], part + 1);
                    var (range, first, rows) = replica.Part(part, parts);
                    if (index > 0)
                        replica._inputs.Forward(dropped, index, first, rows);
                    layer.Forward(replica._times, range);
                    layer.Finish(replica._inputs.Of(index, dropped, out int stride), stride, first, rows);
                    Volatile.Write(ref replica._progress[index], part + 1);
                }
            }
        }
    }

    private (StepRange Range, int First, int Rows) Part(int part, int parts)
    {
        var range = _times.Part(part, parts);
        return (range, _times.FirstRow(range), _times.RowsOf(range));
    }

    private readonly struct BackwardWaves(FusedReplica replica, bool dropped, int parts) : ITeamWork
    {
        public void Do(int member)
        {
            int top = replica._layers.Length - 1;
            if (member == 0)
                replica._layers[top].KeepResidual(0, replica._times.Rows);
            for (int index = top - member; index >= 0; index -= replica._team.Size)
            {
                for (int part = parts - 1; part >= 0; part--)
                {
                    // The part before must be there, too: the gradient of its last time step's outputs is added to by this one.
                    if (index < top)
                        replica._team.AwaitProgress(ref replica._progress[index + 1], Math.Min(parts, parts - part + 1));
                    var (range, first, rows) = replica.Part(part, parts);
                    replica._layers[index].Backward(replica._times, range);
                    if (index > 0)
                    {
                        replica._inputs.Backward(dropped, index, first, rows);
                        replica._layers[index - 1].KeepResidual(first, rows);
                    }

                    Volatile.Write(ref replica._progress[index], parts - part);
                }
            }
        }
    }

    /// <summary>Whether each member computes the gradients of whole layers.</summary>
    private bool DividesLayers => _layers.Length % _team.Size == 0 && _layers[0].CostOf(_times.Rows) < LargeLayer;

    /// <summary>The gradients of the parameters of each layer, by one member each.</summary>
    private readonly struct LayerGradients(FusedReplica replica, ChunkBatch batch, DropoutMasks dropout, RowSums sums, float* gradient)
        : ITeamWork
    {
        public void Do(int member)
        {
            for (int index = member; index < replica._layers.Length; index += replica._team.Size)
                replica.Gradients(index, batch, dropout, sums, null, gradient);
        }
    }
}

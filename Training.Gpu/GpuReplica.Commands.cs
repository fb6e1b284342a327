using Orleans.Tbptt.Training.Gpu.Devices;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Gpu;

/// <content>What is written down for the device, run there, and read back.</content>
internal sealed partial class GpuReplica
{
    private long FlatBytes => (long)Layout.Length * sizeof(float);

    private double LossOfDevice => _resultsOnHost.Numbers<double>(0, 1)[0];

    // Whole sequences in both directions begin with no state, and leave none behind.
    private bool LeavesHidden(Span<float> hiddenAfter) => !_model.Bidirectional && !hiddenAfter.IsEmpty;

    /// <summary>Packs what a batch alone says.</summary>
    private void Pack(ChunkBatch batch)
    {
        _network.Pack(batch);
        _lossOnDevice?.Pack(batch);
    }

    /// <summary>Packs a chunk, and writes down what leads to the head's outputs and to the state after it.</summary>
    private void Begin(ChunkBatch batch, DropoutMasks dropout, ReadOnlySpan<float> hiddenBefore, bool leavesHidden)
    {
        int lanes = batch.ActiveLanes.Length;
        _commands.Reset();
        _launcher.Begin();
        _inbound.Begin();
        _batch.Begin(batch);
        _network.Begin(batch, dropout);
        _lossOnDevice?.Begin(batch);
        if (!_model.Bidirectional)
            _hidden.Load(batch, hiddenBefore);
        _results.Reserve(LossNumbers + (long)_hidden.Numbers(lanes));
        _inbound.CopyTo(_commands);
        if (!_model.Bidirectional)
            _hidden.ToHistories(lanes);
        _network.Forward(dropout);
        if (leavesHidden)
            _hidden.FromHistories(_results.At(LossNumbers), lanes);
    }

    /// <summary>Runs what was written down, and waits: once a chunk, unless the host computes the loss.</summary>
    private void End(ChunkBatch batch, Span<float> hiddenAfter)
    {
        int hidden = !LeavesHidden(hiddenAfter) ? 0 : _hidden.Numbers(batch.ActiveLanes.Length);
        long bytes = (LossNumbers + (long)hidden) * sizeof(float);
        _launcher.Join();
        _commands.CopyOut(_results.Address, _resultsOnHost.Reserve(bytes).Address, bytes);
        _device.Run(_commands);
        _device.Wait();
        if (hidden > 0)
            _hidden.Store(batch, _resultsOnHost.Numbers<float>(sizeof(double), hidden), hiddenAfter);
    }

    /// <summary>Computes the loss on the host, and writes down that its gradient takes the outputs' place.</summary>
    private double LossOnHost(ChunkBatch batch)
    {
        CopyOutputs(batch.Rows);
        _launcher.Join();
        _device.Run(_commands);
        _device.Wait();
        ReadOutputs(batch.Rows);
        double loss = _loss.Sum(_outputs, batch, ref _scratch);
        int columns = _outputs.Columns;
        var gradient = _outputsOnHost.Numbers<float>(0, batch.Rows * columns);
        for (int row = 0; row < batch.Rows; row++)
            _outputs.Span(row).CopyTo(gradient[(row * columns)..]);
        _commands.Reset();
        _commands.CopyIn(_outputsOnHost.Address, _network.OutputRows.Start, (long)gradient.Length * sizeof(float));
        return loss;
    }

    /// <summary>Writes down that the head's outputs come to the host.</summary>
    private void CopyOutputs(int rows)
    {
        long bytes = (long)rows * _outputs.Columns * sizeof(float);
        _commands.CopyOut(_network.OutputRows.Start, _outputsOnHost.Reserve(bytes).Address, bytes);
    }

    private void ReadOutputs(int rows)
    {
        _outputs.Reserve(rows);
        int columns = _outputs.Columns;
        var numbers = _outputsOnHost.Numbers<float>(0, rows * columns);
        for (int row = 0; row < rows; row++)
            numbers.Slice(row * columns, columns).CopyTo(_outputs.Span(row));
    }

    /// <summary>Gives back what chunks have taken, and says how large one may be.</summary>
    private OutOfDeviceMemoryException TooLarge(ChunkBatch batch, OutOfDeviceMemoryException problem)
    {
        _network.ReleaseChunk();
        ReleaseChunk();
        long free = _device.FreeMemory + GpuMemory.OfParameters(Layout);
        return new(GpuMemory.TooLarge(Device, free, _model, _loss, batch.ActiveLanes.Length, batch.Steps), problem);
    }

    /// <summary>Gives back what chunks have taken outside of the network.</summary>
    private void ReleaseChunk()
    {
        _lossOnDevice?.ReleaseChunk();
        _inbound.Dispose();
        _results.Dispose();
    }
}

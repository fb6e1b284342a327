using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Gpu.Devices;
using Orleans.Tbptt.Training.Gpu.Network;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Gpu;

/// <summary>
/// The fused engine's replica on a GPU: every sum in the order, and every operation with the rounding, that
/// <see cref="FusedReplica"/> has, so that losses, hidden states and gradients have its bits.
/// </summary>
/// <remarks>
/// Layers, head, gradients and the losses that <see cref="GpuLoss"/> has are computed on the device, other losses on the host between the
/// two passes. A NaN is a NaN on both, but its bits may differ.
/// </remarks>
internal sealed unsafe class GpuReplica : IReplica
{
    private readonly IAccelerator _device;
    private readonly bool _ownsDevice;
    private readonly ModelSpec _model;
    private readonly Loss _loss;
    private readonly GpuNetwork _network;
    private readonly HiddenLayout _hidden;
    private readonly DeviceBuffer _ends;
    private readonly Rows _outputs;
    private readonly GpuLoss? _lossOnDevice;
    private float[] _staging = [];
    private float[] _scratch = [];
    private bool _isLoaded;
    private bool _isDisposed;

    /// <summary>Creates a replica of a model whose sizes are all known.</summary>
    /// <param name="device">What computes; it must outlive the replica, unless that owns it.</param>
    /// <param name="model">The network.</param>
    /// <param name="loss">The loss to minimise.</param>
    /// <param name="ownsDevice">Whether it disposes of the device.</param>
    /// <exception cref="NotSupportedException">There are no kernels for a part of the model.</exception>
    public GpuReplica(IAccelerator device, ModelSpec model, LossSpec loss, bool ownsDevice = false)
    {
        foreach (var (key, found, expected) in FusedOnGpus.Refused(model))
            throw new NotSupportedException($"{key}: {found}, expected {expected} on a GPU; change it, or write device: cpu");
        (_device, _model, _loss, _ownsDevice) = (device, model, (Loss)loss, ownsDevice);
        Layout = ParameterLayout.Of(model);
        int outputs = Layout.Slots.Single(slot => slot.Name == "head.bias").Length;
        (_network, _hidden, _ends, _outputs) = (new(device, model, Layout), new(model), new(device), new(outputs));
        _lossOnDevice = GpuLoss.Of(device, loss, outputs);
    }

    /// <inheritdoc/>
    public ParameterLayout Layout { get; }

    /// <inheritdoc/>
    public string Device => _device.Device;

    /// <inheritdoc/>
    public string Engine => FusedReplica.EngineWord;

    /// <summary>That of the CPU: the bits are the same.</summary>
    public string Arithmetic => FusedReplica.ArithmeticVersion;

    /// <inheritdoc/>
    public bool IsBoundToThread => false;

    /// <inheritdoc/>
    public void LoadParameters(ReadOnlySpan<float> parameters)
    {
        EnsureUsable(parameters.Length, "parameters", Layout.Length);
        _network.Parameters.Flat.Load(parameters);
        _network.LoadBiases();
        _isLoaded = true;
    }

    /// <inheritdoc/>
    public double ForwardBackward(
        ChunkBatch batch, DropoutMasks dropout, ReadOnlySpan<float> hiddenBefore, Span<float> hiddenAfter, Span<float> gradientSum)
    {
        EnsureUsable(gradientSum.Length, "the gradient", Layout.Length);
        if (!Recur(batch, dropout, hiddenBefore, hiddenAfter))
        {
            gradientSum.Clear();
            return 0;
        }

        double loss = 0;
        try
        {
            if (_lossOnDevice is null)
            {
                ReadOutputs(batch.Rows);
                loss = _loss.Sum(_outputs, batch, ref _scratch);
                WriteGradient(batch.Rows);
            }
            else
                _lossOnDevice.Run(_network.OutputRows, batch.Rows);
            _network.Backward(dropout);
            _network.Gradients.Flat.Store(gradientSum);
            return _lossOnDevice?.Sum() ?? loss;
        }
        catch (OutOfDeviceMemoryException problem)
        {
            throw TooLarge(batch, problem);
        }
    }

    /// <inheritdoc/>
    public double Forward(
        ChunkBatch batch, ReadOnlySpan<float> hiddenBefore, Span<float> hiddenAfter, Span<float> outputs, Span<int> largest)
    {
        if (!Recur(batch, DropoutMasks.None, hiddenBefore, hiddenAfter))
            return 0;
        if (_lossOnDevice is null || !outputs.IsEmpty || !largest.IsEmpty)
            ReadOutputs(batch.Rows);
        for (int row = 0; row < batch.Rows && !outputs.IsEmpty; row++)
            _outputs.Span(row).CopyTo(outputs[(row * _outputs.Columns)..]);
        for (int row = 0; row < largest.Length; row++)
            largest[row] = Largest.Of(_outputs.Span(row));

        // It puts its gradient in the outputs' place.
        if (_lossOnDevice is null)
            return _loss.Sum(_outputs, batch, ref _scratch);
        try
        {
            _lossOnDevice.Run(_network.OutputRows, batch.Rows);
            return _lossOnDevice.Sum();
        }
        catch (OutOfDeviceMemoryException problem)
        {
            throw TooLarge(batch, problem);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        _network.Dispose();
        _lossOnDevice?.Dispose();
        _ends.Dispose();
        _outputs.Dispose();
        if (_ownsDevice)
            _device.Dispose();
    }

    /// <summary>Runs the chunk to the head's outputs; false where it has no rows.</summary>
    private bool Recur(ChunkBatch batch, DropoutMasks dropout, ReadOnlySpan<float> hiddenBefore, Span<float> hiddenAfter)
    {
        EnsureFits(batch);
        hiddenAfter.Clear();
        if (batch.Rows == 0)
            return false;
        try
        {
            _network.Begin(batch);
            _lossOnDevice?.Begin(batch);
            LoadHidden(batch, hiddenBefore);
            _network.Forward(batch, dropout);
        }
        catch (OutOfDeviceMemoryException problem)
        {
            throw TooLarge(batch, problem);
        }

        if (!hiddenAfter.IsEmpty)
            StoreHidden(batch, hiddenAfter);
        return true;
    }

    /// <summary>Gives back what chunks have taken, and says how large one may be.</summary>
    private OutOfDeviceMemoryException TooLarge(ChunkBatch batch, OutOfDeviceMemoryException problem)
    {
        _network.ReleaseChunk();
        _lossOnDevice?.ReleaseChunk();
        _ends.Dispose();
        return new(GpuMemory.TooLarge(Device, _device.FreeMemory, _model, _loss, batch.ActiveLanes.Length, batch.Steps), problem);
    }

    /// <summary>Copies the active lanes' states before the chunk to where the histories begin.</summary>
    private void LoadHidden(ChunkBatch batch, ReadOnlySpan<float> hidden)
    {
        var lanes = batch.ActiveLanes;
        var staging = Staging(lanes.Length);
        for (int layer = 0; layer < _model.Layers; layer++)
        {
            for (int state = 0; state < _hidden.States; state++)
            {
                for (int i = 0; i < lanes.Length; i++)
                    hidden.Slice(Offset(lanes[i], state, layer), _model.HiddenSize).CopyTo(staging[(i * _model.HiddenSize)..]);
                fixed (float* from = staging)
                    _device.Upload(from, _network.Layers[layer].History(state).Start, (long)staging.Length * sizeof(float));
            }
        }
    }

    /// <summary>Copies each active lane's last states from the histories.</summary>
    private void StoreHidden(ChunkBatch batch, Span<float> hidden)
    {
        var lanes = batch.ActiveLanes;
        var staging = Staging(lanes.Length);
        _ends.Reserve(staging.Length);
        for (int layer = 0; layer < _model.Layers; layer++)
        {
            for (int state = 0; state < _hidden.States; state++)
            {
                _network.CopyLast(layer, state, _ends.Address);
                _ends.Store(staging);
                for (int i = 0; i < lanes.Length; i++)
                    staging.Slice(i * _model.HiddenSize, _model.HiddenSize).CopyTo(hidden[Offset(lanes[i], state, layer)..]);
            }
        }
    }

    private void ReadOutputs(int rows)
    {
        _outputs.Reserve(rows);
        var staging = Staging(rows, _outputs.Columns);
        _network.Outputs.Store(staging);
        for (int row = 0; row < rows; row++)
            staging.Slice(row * _outputs.Columns, _outputs.Columns).CopyTo(_outputs.Span(row));
    }

    private void WriteGradient(int rows)
    {
        var staging = Staging(rows, _outputs.Columns);
        for (int row = 0; row < rows; row++)
            _outputs.Span(row).CopyTo(staging[(row * _outputs.Columns)..]);
        _network.Outputs.Load<float>(staging);
    }

    private Span<float> Staging(int rows) => Staging(rows, _model.HiddenSize);

    private Span<float> Staging(int rows, int columns)
    {
        int needed = checked(rows * columns);
        if (_staging.Length < needed)
            _staging = new float[needed];
        return _staging.AsSpan(0, needed);
    }

    private int Offset(int lane, int state, int layer) => (lane * _hidden.Length) + _hidden.Offset(state, layer);

    private void EnsureUsable(int length, string what, int expected)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (length != expected)
            throw new ArgumentException($"{what}: {length} numbers, expected {expected}");
    }

    private void EnsureFits(ChunkBatch batch)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (!_isLoaded)
            throw new InvalidOperationException("no parameters have been loaded");
        var shape = batch.Shape;
        bool fits = shape.HasTokens == _model.Embedding is not null && shape.Codes == _model.Tables.Count
            && shape.InputFeatures == _model.ValueInputs && _loss.OfClasses == shape.HasClasses
            && (shape.HasClasses || shape.TargetFeatures * _loss.OutputsPerTarget == _model.OutputSize);
        if (!fits)
            throw new ArgumentException($"the batch holds {shape}, which does not fit the model with loss {_loss.Word}", nameof(batch));
    }
}

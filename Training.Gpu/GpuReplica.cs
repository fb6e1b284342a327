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
/// <see cref="FusedReplica"/> has, so that losses, hidden states and gradients have its bits; but for products of tensor cores, where a
/// spec wants them.
/// </summary>
/// <remarks>
/// Layers, head, gradients and the losses that <see cref="GpuLoss"/> has are computed on the device, other losses on the host between the
/// two passes. A NaN is a NaN on both, but its bits may differ.
/// </remarks>
internal sealed partial class GpuReplica : IReplica, IReadsAhead
{
    // The loss, before the hidden state, among what a chunk leaves.
    private const int LossNumbers = sizeof(double) / sizeof(float);

    private readonly IAccelerator _device;
    private readonly bool _ownsDevice;
    private readonly ModelSpec _model;
    private readonly Loss _loss;
    private readonly CommandList _commands = new();
    private readonly Launcher _launcher;
    private readonly Inbound _inbound;
    private readonly BatchInbound _batch;
    private readonly GpuNetwork _network;
    private readonly GpuLoss? _lossOnDevice;
    private readonly GpuHidden _hidden;
    private readonly HeldParameters _parameters;
    private readonly DeviceBuffer _results;
    private readonly PinnedBuffer _resultsOnHost;
    private readonly PinnedBuffer _outputsOnHost;
    private readonly PinnedBuffer _flat;
    private readonly Rows _outputs;
    private float[] _scratch = [];
    private bool _isLoaded;
    private bool _isDisposed;

    /// <summary>Creates a replica of a model whose sizes are all known.</summary>
    /// <param name="device">What computes; it must outlive the replica, unless that owns it.</param>
    /// <param name="model">The network.</param>
    /// <param name="loss">The loss to minimise.</param>
    /// <param name="ownsDevice">Whether it disposes of the device.</param>
    /// <param name="partSteps">Time steps of a part of a wave over the layers, at least.</param>
    /// <param name="cores">Which products tensor cores compute; none where it is left out.</param>
    public GpuReplica(
        IAccelerator device, ModelSpec model, LossSpec loss, bool ownsDevice = false, int partSteps = 16, TensorCores? cores = null)
    {
        (_device, _model, _loss, _ownsDevice) = (device, model, (Loss)loss, ownsDevice);
        Layout = ParameterLayout.Of(model);
        int outputs = Layout.Slots.Single(slot => slot.Name == "head.bias").Length;
        (_inbound, _results, _outputs) = (new(device), new(device), new(outputs));
        (_resultsOnHost, _outputsOnHost, _flat) = (new(device), new(device), new(device));
        (_launcher, Arithmetic) = (new(_commands, cores), cores?.Arithmetic(device) ?? FusedReplica.ArithmeticVersion);
        _batch = new(device, _inbound);
        _network = new(device, _launcher, _inbound, _batch, model, Layout, partSteps, cores);
        _lossOnDevice = GpuLoss.Of(device, _launcher, _batch, loss, outputs);
        _hidden = new(model, _launcher, _inbound, _network);
        _parameters = new(device, _network.Parameters, Layout.Length);
    }

    /// <inheritdoc/>
    public ParameterLayout Layout { get; }

    /// <inheritdoc/>
    public string Device => _device.Device;

    /// <inheritdoc/>
    public string Engine => FusedReplica.EngineWord;

    /// <summary>
    /// That of the CPU, because the bits are the same; with tensor cores another one, which names the type of the device.
    /// </summary>
    public string Arithmetic { get; }

    /// <inheritdoc/>
    public bool IsBoundToThread => false;

    /// <summary>How many lists of commands were replayed on the device; of all replicas there.</summary>
    public int Replayed => _device.Replayed;

    /// <inheritdoc cref="BatchInbound.Hits"/>
    public int TakenAhead => _batch.Hits;

    /// <inheritdoc cref="IAccelerator.WhyNotReplayed"/>
    public string? WhyNotReplayed => _device.WhyNotReplayed;

    /// <inheritdoc/>
    public void LoadParameters(ReadOnlySpan<float> parameters)
    {
        EnsureUsable(parameters.Length, "parameters", Layout.Length);
        _isLoaded = false;
        try
        {
            _parameters.Load(parameters);
            _commands.Reset();
            _launcher.Begin();
            _network.LoadBiases();
            _device.Run(_commands);
            _isLoaded = true;
        }
        catch (Exception problem) when (GpuMemory.IsLack(problem) && _batch.HoldsMemory)
        {
            _batch.GiveUp();
            LoadParameters(parameters);
        }
        catch (OutOfDeviceMemoryException problem)
        {
            _parameters.Dispose();
            _network.Dispose();
            ReleaseChunk();
            throw new OutOfDeviceMemoryException(GpuMemory.ParametersTooLarge(Device, _device.FreeMemory, _model), problem);
        }
    }

    /// <inheritdoc/>
    public void ReadAhead(ChunkBatch next)
    {
        if (next.Rows == 0)
            return;
        EnsureFits(next);
        _batch.ReadAhead(next, Pack);
    }

    /// <inheritdoc/>
    public double ForwardBackward(
        ChunkBatch batch, DropoutMasks dropout, ReadOnlySpan<float> hiddenBefore, Span<float> hiddenAfter, Span<float> gradientSum)
    {
        EnsureUsable(gradientSum.Length, "the gradient", Layout.Length);
        EnsureReady(batch);
        hiddenAfter.Clear();
        if (batch.Rows == 0)
        {
            gradientSum.Clear();
            return 0;
        }

        double loss = 0;
        try
        {
            Begin(batch, dropout, hiddenBefore, LeavesHidden(hiddenAfter));
            if (_lossOnDevice is null)
                loss = LossOnHost(batch);
            else
                _lossOnDevice.Run(_network.OutputRows, batch.Rows, _results.Address);
            _network.Backward(dropout);
            _launcher.Join();
            _commands.CopyOut(_network.Gradients.Start, _flat.Reserve(FlatBytes).Address, FlatBytes);
            End(batch, hiddenAfter);
        }
        catch (Exception problem) when (GpuMemory.IsLack(problem) && _batch.HoldsMemory)
        {
            // What only saves time is given up first.
            _batch.GiveUp();
            return ForwardBackward(batch, dropout, hiddenBefore, hiddenAfter, gradientSum);
        }
        catch (OutOfDeviceMemoryException problem)
        {
            throw TooLarge(batch, problem);
        }

        _flat.Numbers<float>(0, Layout.Length).CopyTo(gradientSum);
        return _lossOnDevice is null ? loss : LossOfDevice;
    }

    /// <inheritdoc/>
    public double Forward(
        ChunkBatch batch, ReadOnlySpan<float> hiddenBefore, Span<float> hiddenAfter, Span<float> outputs, Span<int> largest)
    {
        EnsureReady(batch);
        hiddenAfter.Clear();
        if (batch.Rows == 0)
            return 0;
        bool needsOutputs = _lossOnDevice is null || !outputs.IsEmpty || !largest.IsEmpty;
        try
        {
            Begin(batch, DropoutMasks.None, hiddenBefore, LeavesHidden(hiddenAfter));
            if (needsOutputs)
                CopyOutputs(batch.Rows);

            // It puts its gradient in the outputs' place.
            _lossOnDevice?.Run(_network.OutputRows, batch.Rows, _results.Address);
            End(batch, hiddenAfter);
        }
        catch (Exception problem) when (GpuMemory.IsLack(problem) && _batch.HoldsMemory)
        {
            _batch.GiveUp();
            return Forward(batch, hiddenBefore, hiddenAfter, outputs, largest);
        }
        catch (OutOfDeviceMemoryException problem)
        {
            throw TooLarge(batch, problem);
        }

        if (needsOutputs)
            ReadOutputs(batch.Rows);
        for (int row = 0; row < batch.Rows && !outputs.IsEmpty; row++)
            _outputs.Span(row).CopyTo(outputs[(row * _outputs.Columns)..]);
        for (int row = 0; row < largest.Length; row++)
            largest[row] = Largest.Of(_outputs.Span(row));
        return _lossOnDevice is null ? _loss.Sum(_outputs, batch, ref _scratch) : LossOfDevice;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        IDisposable?[] onDevice =
            [_parameters, _network, _lossOnDevice, _batch, _inbound, _results, _resultsOnHost, _outputsOnHost, _flat];
        foreach (var one in onDevice)
        {
            try
            {
                one?.Dispose();
            }
            catch (Exception problem) when (problem is DeviceLostException or Driver.CudaException)
            {
                // Its memory is lost with the device, or given back with what owns it.
            }
        }

        _outputs.Dispose();
        if (_ownsDevice)
            _device.Dispose();
    }

    private void EnsureUsable(int length, string what, int expected)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (length != expected)
            throw new ArgumentException($"{what}: {length} numbers, expected {expected}");
    }

    private void EnsureReady(ChunkBatch batch)
    {
        EnsureFits(batch);
        if (!_isLoaded)
            throw new InvalidOperationException("no parameters have been loaded");
    }

    private void EnsureFits(ChunkBatch batch)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        var shape = batch.Shape;
        bool fits = shape.HasTokens == _model.Embedding is not null && shape.Codes == _model.Tables.Count
            && shape.InputFeatures == _model.ValueInputs && _loss.OfClasses == shape.HasClasses
            && (shape.HasClasses || shape.TargetFeatures * _loss.OutputsPerTarget == _model.OutputSize);
        if (!fits)
            throw new ArgumentException($"the batch holds {shape}, which does not fit the model with loss {_loss.Word}", nameof(batch));
        ChunkLimit.Ensure(Device, _model, _outputs.Columns, batch.ActiveLanes.Length, batch.Steps, batch.Rows);
    }
}

using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Orleans.Tbptt.Training.Torch;

/// <summary>Moves values between host buffers and tensors of one device.</summary>
internal sealed class HostTransfer(Device device)
{
    private readonly bool _isCpu = device.type == TorchSharp.DeviceType.CPU;

    /// <summary>A new tensor of this shape with these values, on the device, in the caller's dispose scope.</summary>
    public Tensor ToDevice<T>(ReadOnlySpan<T> values, params ReadOnlySpan<long> shape) where T : unmanaged
    {
        var tensor = empty(shape, typeof(T) == typeof(long) ? int64 : float32);
        MemoryMarshal.AsBytes(values).CopyTo(tensor.bytes);
        return _isCpu ? tensor : tensor.to(device);
    }

    /// <summary>Overwrites a tensor of the device.</summary>
    public void Write(ReadOnlySpan<float> values, Tensor destination)
    {
        using var noGradient = no_grad();
        if (_isCpu)
        {
            MemoryMarshal.AsBytes(values).CopyTo(destination.bytes);
            return;
        }

        using var staged = empty([values.Length], float32);
        MemoryMarshal.AsBytes(values).CopyTo(staged.bytes);
        destination.copy_(staged);
    }

    /// <summary>Reads a contiguous tensor of the device.</summary>
    public void Read(Tensor source, Span<float> destination)
    {
        if (_isCpu)
        {
            MemoryMarshal.Cast<byte, float>(source.bytes).CopyTo(destination);
            return;
        }

        using var staged = source.cpu();
        MemoryMarshal.Cast<byte, float>(staged.bytes).CopyTo(destination);
    }
}

using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Engines;

/// <summary>
/// An engine in a separate assembly, loaded when a run or a device first needs it. The implementing class is public and has a
/// public parameterless constructor; <see cref="EngineLibraries"/> finds it by name. Thread-safe.
/// </summary>
public interface IEngineLibrary
{
    /// <summary>Looks up this machine's devices.</summary>
    /// <exception cref="EngineUnavailableException">The engine's native libraries cannot be loaded.</exception>
    DeviceSelector FindDevices();

    /// <summary>What the driver says of a GPU; null where it says nothing, or the engine cannot ask it.</summary>
    /// <param name="device">The device, <c>cuda:N</c>.</param>
    GpuFacts? Ask(DeviceName device) => null;

    /// <summary>Creates a replica on a device, all parameters zero. Must be called on the trainer's thread.</summary>
    /// <param name="model">The model, every size known.</param>
    /// <param name="loss">The loss to sum.</param>
    /// <param name="device">Its device, <c>cpu</c> or <c>cuda:N</c>.</param>
    /// <param name="precision">What factors of large products are rounded to; another one than float32 where it has tensor cores.</param>
    /// <exception cref="EngineUnavailableException">The engine's native libraries cannot be loaded.</exception>
    /// <exception cref="DeviceUnavailableException">This machine has no such device.</exception>
    /// <exception cref="DeviceLostException">
    /// The device cannot be used any more, or does not compute what it should; others of the machine may.
    /// </exception>
    IReplica Open(ModelSpec model, LossSpec loss, DeviceName device, PrecisionKind precision = PrecisionKind.Full);
}

/// <summary>An engine cannot be used in this process. The message is one line: the failure and its remedy.</summary>
/// <param name="message">The failure and its remedy.</param>
/// <param name="inner">The cause.</param>
public sealed class EngineUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

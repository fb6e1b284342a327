using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Engines;

/// <summary>
/// A device failed while it computed: it does not answer any more, or its context is broken, and with it the memory of all that computes
/// on it in this process. The message is one line: what failed, and what to do.
/// </summary>
/// <param name="device">The device.</param>
/// <param name="message">What failed, and what to do.</param>
/// <param name="inner">The cause.</param>
public sealed class DeviceLostException(DeviceName device, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The device.</summary>
    public DeviceName Device { get; } = device;

    /// <summary>Whether it has never computed here, because it did not pass its first check. Default false.</summary>
    public bool FailedCheck { get; init; }
}

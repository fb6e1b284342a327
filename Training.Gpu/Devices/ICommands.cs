using Orleans.Tbptt.Training.Gpu.Code;

namespace Orleans.Tbptt.Training.Gpu.Devices;

/// <summary>
/// Takes what a device is to do, in order: does it, or writes it down to be done later. Nothing of it waits for the device.
/// </summary>
/// <remarks>
/// Commands belong to branches, which the device may run at the same time: of two branches only what <see cref="Join"/> says is in order.
/// <code>
/// branch 0   a ─ join(0, 1) ─ b ─────── join(1, 0) ─ c      b may run at the same time as d and e; c runs behind them
/// branch 1         d ─ e
/// </code>
/// The order in which they are given is always one that is allowed.
/// </remarks>
internal interface ICommands
{
    /// <summary>The branch of the commands that follow. Default 0, with which every list ends.</summary>
    void Branch(int branch);

    /// <summary>Has what follows on a branch run behind all that was given on another one so far.</summary>
    void Join(int from, int to);

    /// <summary>Copies from page-locked memory, which must stay as it is until the device was waited for.</summary>
    void CopyIn(nint host, nint to, long bytes);

    /// <summary>Copies to page-locked memory, whose contents are there when the device was waited for.</summary>
    void CopyOut(nint from, nint host, long bytes);

    /// <summary>Copies within the device.</summary>
    void Copy(nint from, nint to, long bytes);

    /// <summary>Sets bytes to 0.</summary>
    void Clear(nint address, long bytes);

    /// <summary>Launches a kernel.</summary>
    /// <param name="kernel">The kernel.</param>
    /// <param name="x">Blocks in x.</param>
    /// <param name="y">Blocks in y.</param>
    /// <param name="threads">Threads of a block.</param>
    /// <param name="arguments">What it is given, one for each parameter.</param>
    void Launch(KernelCode kernel, int x, int y, int threads, params ReadOnlySpan<Argument> arguments);
}

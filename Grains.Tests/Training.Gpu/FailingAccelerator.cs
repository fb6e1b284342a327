using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Gpu.Code;
using Orleans.Tbptt.Training.Gpu.Devices;

namespace Orleans.Tbptt.Tests.Training.Gpu;

/// <summary>A device that is lost when it launches a kernel after a number of launches: nothing works on it from then on.</summary>
/// <param name="device">The device that computes until then; owned.</param>
/// <param name="launches">Counts the launches that still succeed, of all replicas on the device.</param>
/// <param name="copies">Called before parameters, or a chunk ahead of its step, are copied to the device.</param>
internal sealed unsafe class FailingAccelerator(IAccelerator device, FailingAccelerator.Fuse launches, Action? copies = null)
    : IAccelerator
{
    /// <summary>Launches that still succeed.</summary>
    internal sealed class Fuse(int launches)
    {
        private int _left = launches;

        /// <summary>Whether it has failed.</summary>
        public bool IsBlown => Volatile.Read(ref _left) < 0;

        /// <summary>Counts a launch.</summary>
        public void Launch() => Interlocked.Decrement(ref _left);
    }

    private bool _isRunning;

    public string Device => device.Device;

    public string Architecture => device.Architecture;

    public int Processors => device.Processors;

    public int Replayed => device.Replayed;

    public string? WhyNotReplayed => device.WhyNotReplayed;

    public long FreeMemory => Sound.FreeMemory;

    private IAccelerator Sound => !launches.IsBlown ? device : throw new DeviceLostException(
        new(Device), $"{Device}: cannot launch a kernel: unspecified launch failure (CUDA_ERROR_LAUNCH_FAILED, error 719)");

    public void Prepare(IReadOnlyList<KernelCode> kernels) => Sound.Prepare(kernels);

    public bool FitsAtOnce(KernelCode kernel, int blocks, int threads) => Sound.FitsAtOnce(kernel, blocks, threads);

    public nint Allocate(long bytes) => Sound.Allocate(bytes);

    public void Free(nint address)
    {
        if (!launches.IsBlown)
            device.Free(address);
    }

    public void Upload(void* from, nint to, long bytes) => Sound.Upload(from, to, bytes);

    public void Download(nint from, void* to, long bytes) => Sound.Download(from, to, bytes);

    public nint AllocateHost(long bytes) => Sound.AllocateHost(bytes);

    public void FreeHost(nint address) => device.FreeHost(address);

    /// <summary>One command after the other, so that every launch counts.</summary>
    public void Run(CommandList commands)
    {
        _isRunning = true;
        commands.Run(this);
        _isRunning = false;
    }

    public void Branch(int branch) => Sound.Branch(branch);

    public void Join(int from, int to) => Sound.Join(from, to);

    public void Wait() => Sound.Wait();

    public object Identity => device.Identity;

    public IAccelerator OpenAnother() => new FailingAccelerator(Sound.OpenAnother(), launches, copies);

    public nint Mark(nint mark = 0) => Sound.Mark(mark);

    public void Await(nint mark) => Sound.Await(mark);

    public void ForgetLists() => Sound.ForgetLists();

    public void CopyIn(nint host, nint to, long bytes)
    {
        if (!_isRunning)
            copies?.Invoke();
        Sound.CopyIn(host, to, bytes);
    }

    public void CopyOut(nint from, nint host, long bytes) => Sound.CopyOut(from, host, bytes);

    public void Copy(nint from, nint to, long bytes) => Sound.Copy(from, to, bytes);

    public void Clear(nint address, long bytes) => Sound.Clear(address, bytes);

    public void Launch(KernelCode kernel, int x, int y, int threads, params ReadOnlySpan<Argument> arguments)
    {
        launches.Launch();
        Sound.Launch(kernel, x, y, threads, arguments);
    }

    public void Dispose() => device.Dispose();
}

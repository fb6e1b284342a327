using Orleans.Tbptt.Training.Gpu.Devices;

namespace Orleans.Tbptt.Training.Gpu.Driver;

/// <content>
/// Lists of commands: one that comes again is a graph, which the driver launches at once. Where it cannot make one, as of a kernel that
/// waits for its whole grid before CUDA 11.1, the commands are given one after the other.
/// </content>
internal sealed unsafe partial class CudaAccelerator
{
    private Replays<Graph>? _replays;
    private bool _makesNoGraphs;

    /// <inheritdoc/>
    public nint AllocateHost(long bytes)
    {
        Enter();
        Check(Cuda.MemHostAlloc(out nint address, (nuint)bytes, 0), $"allocate {bytes} bytes of page-locked memory");
        return address;
    }

    /// <inheritdoc/>
    public void FreeHost(nint address)
    {
        if (_isDisposed)
            return;
        Wait();
        Check(Cuda.MemFreeHost(address), "free page-locked memory");
    }

    /// <inheritdoc/>
    public void Run(CommandList commands)
    {
        Enter();
        _replays ??= new(Capture, static graph => _ = Cuda.GraphExecDestroy(graph.Executable));
        if (_replays.Find(commands) is { } known)
            Check(Cuda.GraphLaunch(known.Executable, _stream), "launch a graph");
        else
            commands.Run(this);
    }

    /// <inheritdoc/>
    public void Wait()
    {
        Enter();
        Check(Cuda.StreamSynchronize(_stream), "wait for its work");
    }

    /// <inheritdoc/>
    public void CopyIn(nint host, nint to, long bytes)
    {
        Enter();
        Check(Cuda.CopyToDevice(to, (void*)host, (nuint)bytes, _stream), "copy to the device");
    }

    /// <inheritdoc/>
    public void CopyOut(nint from, nint host, long bytes)
    {
        Enter();
        Check(Cuda.CopyToHost((void*)host, from, (nuint)bytes, _stream), "copy from the device");
    }

    /// <summary>Has the driver write a list down; null where it cannot, and then it is not asked again.</summary>
    private Graph? Capture(CommandList commands)
    {
        if (_makesNoGraphs)
            return null;

        // Nothing may be loaded while the stream writes down.
        Prepare([.. commands.Kernels.Distinct()]);
        nint executable = 0;
        _makesNoGraphs = Cuda.StreamBeginCapture(_stream, Cuda.CaptureOfThread) != Cuda.Success || !TryEnd(commands, out executable);
        return _makesNoGraphs ? null : new(executable);
    }

    private bool TryEnd(CommandList commands, out nint executable)
    {
        executable = 0;
        bool isWhole = true;
        try
        {
            commands.Run(this);
        }
        catch (CudaException)
        {
            isWhole = false;
        }

        bool isMade = Cuda.StreamEndCapture(_stream, out nint graph) == Cuda.Success && isWhole
            && Cuda.GraphInstantiate(out executable, graph, 0) == Cuda.Success;
        if (graph != 0)
            _ = Cuda.GraphDestroy(graph);
        return isMade;
    }

    private sealed class Graph(nint executable)
    {
        public nint Executable => executable;
    }
}

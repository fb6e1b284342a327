using Orleans.Tbptt.Training.Gpu.Devices;

namespace Orleans.Tbptt.Training.Gpu.Driver;

/// <content>
/// Lists of commands: one that comes again is a graph, which the driver launches at once. Where it cannot make one, as of a kernel that
/// waits for its whole grid before CUDA 11.1, the commands are given one after the other. A graph has the branches of its list, each of
/// which is a stream while it is written down; without one there is one stream, in the order of the list.
/// </content>
internal sealed unsafe partial class CudaAccelerator
{
    private Replays<Graph>? _replays;
    private bool _makesNoGraphs;
    private readonly List<nint> _branches = [];
    private nint _joint;
    private bool _isWrittenDown;
    private int _branch;

    /// <inheritdoc/>
    public int Replayed => _replays?.Count ?? 0;

    /// <inheritdoc/>
    public string? WhyNotReplayed { get; private set; }

    private nint Current => StreamOf(_isWrittenDown ? _branch : 0);

    /// <inheritdoc/>
    public nint AllocateHost(long bytes)
    {
        Enter();
        int code = Cuda.MemHostAlloc(out nint address, (nuint)bytes, 0);
        if (code == Cuda.OutOfMemory)
            throw new InsufficientMemoryException(CudaException.NoPageLocked(Device, bytes));
        Check(code, $"allocate {bytes} bytes of page-locked memory");
        _hostMemory.Add(address);
        return address;
    }

    /// <inheritdoc/>
    public void FreeHost(nint address)
    {
        if (_isDisposed)
            return;
        _hostMemory.Remove(address);
        if (_isLost)
        {
            // A broken context may refuse it, and keep it until the process ends.
            _ = Cuda.MemFreeHost(address);
            return;
        }

        Wait();
        _replays?.Clear();
        Check(Cuda.MemFreeHost(address), "free page-locked memory");
    }

    /// <inheritdoc/>
    public void Run(CommandList commands)
    {
        Enter();
        _replays ??= new(Capture, static graph => _ = Cuda.GraphExecDestroy(graph.Executable));
        if (_replays.Find(commands) is { } known)
        {
            _lastLaunch = known.Commands.LastLaunch;
            int code = Cuda.GraphLaunch(known.Executable, _stream);
            if (code == Cuda.OutOfMemory)
            {
                // A graph takes memory of its own when it is first launched; its commands need none.
                WhyNotReplayed ??= $"the launch of a graph of {known.Commands.Count} commands: {CudaException.Text(code)}";
                _replays.Drop(known);
                commands.Run(this);
            }
            else if (code != Cuda.Success)
                Fail(code, $"launch a graph of {known.Commands.Count} commands, the last of them {_lastLaunch}");
        }
        else
        {
            commands.Run(this);
        }
    }

    /// <inheritdoc/>
    public void Wait()
    {
        Enter();
        int code = Cuda.StreamSynchronize(_stream);
        if (code != Cuda.Success)
            Fail(code, CudaException.Waiting(_lastLaunch));
        _lastLaunch = null;
    }

    /// <inheritdoc/>
    public void CopyIn(nint host, nint to, long bytes)
    {
        Enter();
        Check(Cuda.CopyToDevice(to, (void*)host, (nuint)bytes, Current), "copy to the device");
    }

    /// <inheritdoc/>
    public void CopyOut(nint from, nint host, long bytes)
    {
        Enter();
        Check(Cuda.CopyToHost((void*)host, from, (nuint)bytes, Current), "copy from the device");
    }

    /// <inheritdoc/>
    public void Branch(int branch) => _branch = branch;

    /// <inheritdoc/>
    public void Join(int from, int to)
    {
        if (!_isWrittenDown)
            return;
        Check(Cuda.EventRecord(_joint, StreamOf(from)), "record an event");
        Check(Cuda.StreamWaitEvent(StreamOf(to), _joint, 0), "wait for an event");
    }

    private nint StreamOf(int branch) => branch == 0 ? _stream : _branches[branch - 1];

    /// <summary>Has the driver write a list down; null where it cannot, and then it is not asked again.</summary>
    private Graph? Capture(CommandList commands)
    {
        if (_makesNoGraphs)
            return null;

        // Nothing may be loaded while the stream writes down.
        Prepare([.. commands.Kernels.Distinct()]);
        if (_joint == 0)
            Check(Cuda.EventCreate(out _joint, Cuda.EventWithoutTiming), "make an event");
        while (_branches.Count + 1 < commands.Branches)
        {
            Check(Cuda.StreamCreate(out nint stream, 1), "make a stream");
            _branches.Add(stream);
        }

        string? problem = WriteDown(commands, out nint executable);
        (WhyNotReplayed, _makesNoGraphs) = (WhyNotReplayed ?? problem, problem is not null);
        return _makesNoGraphs ? null : new(executable, commands);
    }

    /// <summary>Makes a graph of a list; returns what failed first, null where nothing did.</summary>
    private string? WriteDown(CommandList commands, out nint executable)
    {
        executable = 0;
        int begun = Cuda.StreamBeginCapture(_stream, Cuda.CaptureOfThread);
        if (begun != Cuda.Success)
            return $"the beginning of a graph: {CudaException.Text(begun)}";
        string? problem = null;
        nint graph = 0;
        int number = 0, ended;
        try
        {
            // What cannot be written down does not break the device. A list that failed before may have left another branch.
            (_isWrittenDown, _branch) = (true, 0);
            commands.Run(this, ref number);
        }
        catch (Exception failed) when (failed is CudaException or OutOfDeviceMemoryException)
        {
            problem = $"command {number} of a graph of {commands.Count}: {failed.Message}";
        }
        finally
        {
            (_isWrittenDown, _branch) = (false, 0);
            ended = Cuda.StreamEndCapture(_stream, out graph);
        }

        if (ended != Cuda.Success)
            problem ??= $"the end of a graph of {commands.Count} commands: {CudaException.Text(ended)}";
        if (problem is null && Cuda.GraphInstantiate(out executable, graph, 0) is var made and not Cuda.Success)
            (executable, problem) = (0, $"the making of a graph of {commands.Count} commands: {CudaException.Text(made)}");
        if (graph != 0)
            _ = Cuda.GraphDestroy(graph);
        return problem;
    }

    private void DisposeOfGraphs()
    {
        _replays?.Clear();
        foreach (nint stream in _branches)
            _ = Cuda.StreamDestroy(stream);
        if (_joint != 0)
            _ = Cuda.EventDestroy(_joint);
    }

    private sealed class Graph(nint executable, CommandList commands)
    {
        public CommandList Commands => commands;

        public nint Executable => executable;
    }
}

using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Gpu.Code;
using Orleans.Tbptt.Training.Gpu.Devices;
using Orleans.Tbptt.Training.Gpu.Ptx;

namespace Orleans.Tbptt.Training.Gpu.Driver;

/// <summary>A GPU through NVIDIA's driver: its primary context and one stream.</summary>
internal sealed unsafe partial class CudaAccelerator : IAccelerator
{
    private const int LogBytes = 16 << 10;

    // Copies from pageable memory go through these; larger ones in parts.
    private const int StagingBytes = 4 << 20;

    private readonly int _ordinal;
    private readonly int _device;
    private readonly nint _context;
    private readonly nint _stream;
    private readonly string _target;
    private readonly bool _launchesGrids;
    private readonly Dictionary<string, nint> _functions = new(StringComparer.Ordinal);
    private readonly List<nint> _modules = [];
    private readonly HashSet<nint> _memory = [];
    private readonly HashSet<nint> _hostMemory = [];
    private readonly bool _isOpen;
    private nint _staging;
    private LaunchShape? _lastLaunch;
    private bool _isLost;
    private bool _isDisposed;

    /// <summary>Opens a device.</summary>
    /// <param name="ordinal">Its number.</param>
    /// <exception cref="EngineUnavailableException">It is too old.</exception>
    /// <exception cref="CudaException">It cannot be used.</exception>
    public CudaAccelerator(int ordinal)
    {
        (_ordinal, Device) = (ordinal, $"cuda:{ordinal}");
        Check(Cuda.Init(0), "start the driver");
        Check(Cuda.DeviceGet(out _device, ordinal), "open the device");
        if (CudaDevices.FindWeakness(Device, _device, out int capability) is { } weakness)
            throw new EngineUnavailableException(weakness);
        _target = capability >= 90 ? "sm_90" : "sm_80";
        Architecture = string.Create(CultureInfo.InvariantCulture, $"compute capability {capability / 10}.{capability % 10}");
        (Processors, _launchesGrids) = (Attribute(Cuda.ProcessorCount), Attribute(Cuda.CooperativeLaunch) != 0);
        Check(Cuda.DevicePrimaryCtxRetain(out _context, _device), "make a context");
        try
        {
            Enter();
            Check(Cuda.StreamCreate(out _stream, 1), "make a stream");
            _isOpen = true;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public string Device { get; }

    /// <inheritdoc/>
    public string Architecture { get; }

    /// <inheritdoc/>
    public int Processors { get; }

    /// <inheritdoc/>
    public long FreeMemory
    {
        get
        {
            Enter();
            Check(Cuda.MemGetInfo(out nuint free, out _), "ask for free memory");
            return (long)free;
        }
    }

    /// <inheritdoc/>
    public void Prepare(IReadOnlyList<KernelCode> kernels)
    {
        KernelCode[] missing = [.. kernels.Where(kernel => !_functions.ContainsKey(kernel.Name))];
        if (missing.Length == 0)
            return;
        Enter();
        nint module = Compile(PtxWriter.Write(missing, _target));
        _modules.Add(module);
        foreach (var kernel in missing)
        {
            Check(Cuda.ModuleGetFunction(out nint function, module, kernel.Name), $"find kernel {kernel.Name}");
            _functions[kernel.Name] = function;
        }
    }

    /// <inheritdoc/>
    public bool FitsAtOnce(KernelCode kernel, int blocks, int threads)
    {
        if (!_launchesGrids)
            return false;
        Enter();
        Check(Cuda.OccupancyMaxActiveBlocks(out int each, Function(kernel), threads, 0), $"ask how often {kernel.Name} fits");
        return blocks <= each * Processors;
    }

    /// <inheritdoc/>
    public nint Allocate(long bytes)
    {
        Enter();
        int code = Cuda.MemAlloc(out nint address, (nuint)bytes);
        if (code == Cuda.OutOfMemory)
            throw new OutOfDeviceMemoryException($"{Device}: {bytes} bytes were asked for, {FreeMemory} are free");
        Check(code, "allocate memory");
        _memory.Add(address);
        return address;
    }

    /// <inheritdoc/>
    public void Free(nint address)
    {
        // The memory of a lost device is lost with it.
        if (_isDisposed || _isLost)
            return;
        Enter();

        // Work that still uses it ends first.
        Wait();

        // Another piece of memory may get the same address.
        _replays?.Clear();
        _memory.Remove(address);
        Check(Cuda.MemFree(address), "free memory");
    }

    /// <inheritdoc/>
    public void Upload(void* from, nint to, long bytes)
    {
        nint staging = Staging();
        for (long at = 0, part; at < bytes; at += part)
        {
            part = Math.Min(bytes - at, StagingBytes);
            Wait();
            Buffer.MemoryCopy((byte*)from + at, (void*)staging, part, part);
            Check(Cuda.CopyToDevice(to + (nint)at, (void*)staging, (nuint)part, _stream), "copy to the device");
        }
    }

    /// <inheritdoc/>
    public void Download(nint from, void* to, long bytes)
    {
        nint staging = Staging();
        for (long at = 0, part; at < bytes; at += part)
        {
            part = Math.Min(bytes - at, StagingBytes);
            Check(Cuda.CopyToHost((void*)staging, from + (nint)at, (nuint)part, _stream), "copy from the device");
            Wait();
            Buffer.MemoryCopy((void*)staging, (byte*)to + at, part, part);
        }
    }

    /// <inheritdoc/>
    public void Copy(nint from, nint to, long bytes)
    {
        Enter();
        Check(Cuda.CopyOnDevice(to, from, (nuint)bytes, Current), "copy on the device");
    }

    /// <inheritdoc/>
    public void Clear(nint address, long bytes)
    {
        Enter();
        Check(Cuda.Fill(address, 0, (nuint)bytes, Current), "set memory to 0");
    }

    /// <inheritdoc/>
    public void Launch(KernelCode kernel, int x, int y, int threads, params ReadOnlySpan<Argument> arguments)
    {
        Enter();
        nint function = Function(kernel);
        void** places = stackalloc void*[arguments.Length];
        fixed (Argument* first = arguments)
        {
            // A parameter of 32 bits is read from the lower half of its 64.
            for (int i = 0; i < arguments.Length; i++)
                places[i] = first + i;
            _lastLaunch = new(kernel.Name, x, y, threads);
            int code = kernel.SpansGrid
                ? Cuda.LaunchCooperativeKernel(function, (uint)x, (uint)y, 1, (uint)threads, 1, 1, 0, Current, places)
                : Cuda.LaunchKernel(function, (uint)x, (uint)y, 1, (uint)threads, 1, 1, 0, Current, places, null);
            if (code != Cuda.Success)
                Fail(code, $"launch {_lastLaunch}");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;

        // A device that is lost refuses all of this: nothing can be done about it.
        _ = Cuda.CtxSetCurrent(_context);
        DisposeOfGraphs();
        DisposeOfMarks();
        foreach (nint module in _modules)
            _ = Cuda.ModuleUnload(module);

        // Of a replica that was not made whole: the context stays while others compute there.
        foreach (nint address in _memory)
            _ = Cuda.MemFree(address);
        foreach (nint address in _hostMemory)
            _ = Cuda.MemFreeHost(address);
        if (_stream != 0)
            _ = Cuda.StreamDestroy(_stream);
        _ = Cuda.DevicePrimaryCtxRelease(_device);
    }

    /// <summary>Enters the context; few accelerators copy from pageable memory at all.</summary>
    private nint Staging()
    {
        Enter();
        return _staging != 0 ? _staging : _staging = AllocateHost(StagingBytes);
    }

    private nint Compile(string ptx)
    {
        byte[] text = [.. Encoding.UTF8.GetBytes(ptx), 0];
        byte[] log = new byte[LogBytes];
        fixed (byte* image = text, messages = log)
        {
            int* keys = stackalloc int[] { Cuda.ErrorLog, Cuda.ErrorLogBytes };
            void** values = stackalloc void*[] { messages, (void*)LogBytes };
            int code = Cuda.ModuleLoadDataEx(out nint module, image, 2, keys, values);
            if (code == Cuda.Success)
                return module;
            string said = Encoding.UTF8.GetString(log).TrimEnd('\0').ReplaceLineEndings(" ").Trim();
            Fail(code, "compile its kernels", said.Length > 0 ? $": {said}" : "");
            return 0;
        }
    }

    private nint Function(KernelCode kernel)
    {
        if (!_functions.ContainsKey(kernel.Name))
            Prepare([kernel]);
        return _functions[kernel.Name];
    }

    private int Attribute(int attribute)
    {
        Check(Cuda.DeviceGetAttribute(out int value, attribute, _device), "ask what it can do");
        return value;
    }

    // A context is current on a thread; a replica may be used on any, one after the other.
    private void Enter() => Check(Cuda.CtxSetCurrent(_context), "enter its context");

    private void Check(int code, string action)
    {
        if (code != Cuda.Success)
            Fail(code, action);
    }

    /// <summary>
    /// Throws. An error of the device itself stays with its context, and is returned by whatever is asked next; where its work can still
    /// be waited for, only what was asked of it failed, as a kernel that the driver refuses.
    /// </summary>
    [DoesNotReturn]
    private void Fail(int code, string action, string details = "")
    {
        string described = CudaException.Text(code) + details;

        // While a stream writes down it cannot be waited for, and nothing of that is done on the device.
        bool isLost = code != Cuda.OutOfMemory && !_isWrittenDown && (_stream == 0 || Cuda.StreamSynchronize(_stream) != Cuda.Success);
        var problem = CudaException.Of(code, Device, action, described, isLost);
        if (code == Cuda.OutOfMemory)
            throw new OutOfDeviceMemoryException(problem.Message, problem);
        if (!_isOpen || !isLost)
            throw problem;
        _isLost = true;
        throw new DeviceLostException(new(Device), problem.Message, problem);
    }
}

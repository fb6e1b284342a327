using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Orleans.Tbptt.Training.Gpu.Code;
using Orleans.Tbptt.Training.Gpu.Devices;

namespace Orleans.Tbptt.Training.Gpu.Emulation;

/// <summary>
/// Runs kernels on the CPU, one thread after the other from barrier to barrier. What it computes is what the instructions say: it proves a
/// kernel's arithmetic, its addresses and its barriers, not its speed.
/// </summary>
/// <param name="backwards">
/// Whether the last thread of each block runs first, and the last block: a kernel whose result depends on the order has a race. Of a list's
/// branches the last one runs as early as it may otherwise, and then the first one; lists and copies then run as late as they may.
/// </param>
/// <param name="memory">Bytes that the device has.</param>
/// <param name="atOnce">Blocks that run at once.</param>
/// <param name="device">What it calls itself.</param>
/// <param name="skips">A kernel, by the beginning of its name, that it does not run: a device that is broken.</param>
/// <param name="shared">The device's memory, where it has other accelerators.</param>
internal sealed unsafe class Emulator(
    bool backwards = false, long memory = long.MaxValue, int atOnce = 16, string device = "emulated", string? skips = null,
    EmulatedMemory? shared = null) : IAccelerator
{
    // A name always means the same code.
    private static readonly ConcurrentDictionary<string, EmulatedKernel> Compiled = new(StringComparer.Ordinal);

    private readonly EmulatedMemory _memory = Opened(shared ?? new());
    private readonly Replays<CommandList> _replays = new(static list => list, static _ => { });
    private readonly LateWork? _late = backwards ? new() : null;
    private bool _isDisposed;

    /// <inheritdoc/>
    public string Device => device;

    /// <inheritdoc/>
    public string Architecture => "the emulator";

    /// <inheritdoc/>
    public int Processors => 4;

    /// <summary>How many launches there were of each kernel.</summary>
    public Dictionary<string, int> Launches { get; } = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public int Replayed => _replays.Count;

    /// <inheritdoc/>
    public string? WhyNotReplayed => null;

    /// <inheritdoc cref="EmulatedMemory.PageLocked"/>
    public int PageLocked => _memory.PageLocked;

    /// <inheritdoc/>
    public object Identity => _memory;

    /// <inheritdoc/>
    public void Prepare(IReadOnlyList<KernelCode> kernels)
    {
    }

    /// <inheritdoc/>
    public bool FitsAtOnce(KernelCode kernel, int blocks, int threads) => blocks <= atOnce;

    /// <inheritdoc/>
    public long FreeMemory => memory - _memory.Bytes;

    /// <inheritdoc/>
    public nint Allocate(long bytes) => bytes <= FreeMemory ? _memory.Allocate(bytes)
        : throw new OutOfDeviceMemoryException($"{Device}: {bytes} bytes were asked for, {FreeMemory} are free");

    /// <inheritdoc/>
    public void Free(nint address)
    {
        Wait();
        _memory.Free(address);
    }

    /// <inheritdoc/>
    public void Upload(void* from, nint to, long bytes)
    {
        Wait();
        Buffer.MemoryCopy(from, (void*)to, bytes, bytes);
    }

    /// <inheritdoc/>
    public void Download(nint from, void* to, long bytes)
    {
        Wait();
        Buffer.MemoryCopy((void*)from, to, bytes, bytes);
    }

    /// <inheritdoc/>
    public nint AllocateHost(long bytes) => _memory.AllocateHost(bytes);

    /// <inheritdoc/>
    public void FreeHost(nint address)
    {
        if (_isDisposed)
            return;
        Wait();
        _memory.FreeHost(address);
    }

    /// <inheritdoc/>
    public void Run(CommandList commands)
    {
        var list = _replays.Find(commands) ?? (backwards ? commands.Copy() : commands);
        if (!IsLate(() => list.RunInOtherOrder(this, lastFirst: false)))
            list.RunInOtherOrder(this, lastFirst: !backwards);
    }

    /// <inheritdoc/>
    public IAccelerator OpenAnother() => new Emulator(backwards, memory, atOnce, device, skips, _memory);

    /// <inheritdoc/>
    public nint Mark(nint mark = 0) => _memory.Mark(mark, this, _late?.Given ?? 0);

    /// <inheritdoc/>
    public void Await(nint mark)
    {
        var (owner, count) = _memory.FindMark(mark);
        if (!IsLate(() => owner._late!.Finish(count)))
            owner._late?.Finish(count);
    }

    /// <inheritdoc/>
    public void ForgetLists()
    {
        Wait();
        _replays.Clear();
    }

    /// <inheritdoc/>
    public void Branch(int branch)
    {
    }

    /// <inheritdoc/>
    public void Join(int from, int to)
    {
    }

    /// <inheritdoc/>
    public void Wait() => _late?.Finish();

    /// <inheritdoc/>
    public void CopyIn(nint host, nint to, long bytes) => Copy(host, to, bytes);

    /// <inheritdoc/>
    public void CopyOut(nint from, nint host, long bytes) => Copy(from, host, bytes);

    /// <inheritdoc/>
    public void Copy(nint from, nint to, long bytes)
    {
        if (!IsLate(() => Buffer.MemoryCopy((void*)from, (void*)to, bytes, bytes)))
            Buffer.MemoryCopy((void*)from, (void*)to, bytes, bytes);
    }

    /// <inheritdoc/>
    public void Clear(nint address, long bytes)
    {
        if (!IsLate(() => NativeMemory.Clear((void*)address, (nuint)bytes)))
            NativeMemory.Clear((void*)address, (nuint)bytes);
    }

    /// <inheritdoc/>
    public void Launch(KernelCode kernel, int x, int y, int threads, params ReadOnlySpan<Argument> arguments)
    {
        bool isLaunch = threads >= 1 && threads <= kernel.Threads && x >= 1 && y is >= 1 and <= LaunchShape.MostY;
        if (arguments.Length != kernel.Parameters.Count || !isLaunch)
            throw new ArgumentException($"kernel {kernel.Name}: {arguments.Length} arguments, {x} × {y} blocks of {threads} threads");

        // A launch of its own, with no list, is at once, so that what is wrong with it is said there.
        Wait();
        Launches[kernel.Name] = Launches.GetValueOrDefault(kernel.Name) + 1;
        if (skips is not null && kernel.Name.StartsWith(skips, StringComparison.Ordinal))
            return;
        var compiled = Compiled.GetOrAdd(kernel.Name, static (_, code) => EmulatedKernel.Of(code), kernel);
        _memory.Enter();
        int blocks = x * y, running = kernel.SpansGrid ? blocks : 1;
        fixed (Argument* parameters = arguments)
        {
            // Blocks that do not wait for each other run one after the other.
            for (int first = 0; first < blocks; first += running)
                Run(kernel, compiled, (long*)parameters, backwards ? blocks - first - running : first, running, x, y, threads);
        }
    }

    private void Run(KernelCode kernel, EmulatedKernel compiled, long* parameters, int first, int count, int x, int y, int threads)
    {
        long[] kept = new long[Math.Max(1, count * threads * compiled.Kept)];
        byte[] shared = new byte[Math.Max(1, count * kernel.SharedBytes)];
        Array.Fill(shared, (byte)0xFF);
        int[] at = new int[count];
        fixed (long* registers = kept)
        fixed (byte* memory = shared)
        {
            while (at.AsSpan().ContainsAnyExcept(EmulatedKernel.Ended))
            {
                for (int i = 0; i < count; i++)
                {
                    int block = backwards ? count - 1 - i : i;
                    var place = new ThreadPlace
                    {
                        Parameters = parameters, Shared = memory + (block * kernel.SharedBytes), BlocksX = x, BlocksY = y,
                        BlockX = (first + block) % x, BlockY = (first + block) / x,
                    };
                    do
                    {
                        at[block] = Advance(compiled, ref place, registers + (block * threads * compiled.Kept), threads, at[block]);
                    }
                    while (at[block] != EmulatedKernel.Ended && !compiled.GridBarriers.Contains(at[block]));
                }

                if (at.AsSpan().ContainsAnyExcept(at[0]))
                    throw new KernelFaultException($"kernel {kernel.Name}: its blocks wait at unlike barriers");
            }
        }
    }

    /// <summary>Runs every thread of a block to its next barrier, one warp after the other.</summary>
    private int Advance(EmulatedKernel compiled, ref ThreadPlace place, long* registers, int threads, int from)
    {
        int to = 0, warps = (threads + WarpProduct.Threads - 1) / WarpProduct.Threads;
        for (int i = 0; i < warps; i++)
        {
            int first = (backwards ? warps - 1 - i : i) * WarpProduct.Threads;
            int reached = AdvanceWarp(compiled, ref place, registers, first, Math.Min(threads - first, WarpProduct.Threads), from);
            if (i > 0 && reached != to)
                throw new KernelFaultException("threads of a block wait at unlike barriers");
            to = reached;
        }

        return to;
    }

    /// <summary>
    /// Runs every thread of a warp to its next barrier. At a product the threads wait for each other, and for no other warp: what a kernel
    /// lacks in barriers shows.
    /// </summary>
    private int AdvanceWarp(EmulatedKernel compiled, ref ThreadPlace place, long* registers, int first, int threads, int from)
    {
        while (true)
        {
            int to = 0;
            for (int i = 0; i < threads; i++)
            {
                place.Thread = first + (backwards ? threads - 1 - i : i);
                place.Kept = registers + (place.Thread * compiled.Kept);
                int reached = compiled.Run(ref place, from);
                if (i > 0 && reached != to)
                    throw new KernelFaultException("threads of a block wait at unlike barriers");
                to = reached;
            }

            if (!compiled.Products.TryGetValue(to, out var product))
                return to;
            if (threads < WarpProduct.Threads)
                throw new KernelFaultException($"a warp of {threads} threads computes a product, expected {WarpProduct.Threads}");
            product.Run(registers + (first * compiled.Kept), compiled.Kept);
            from = to;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        _memory.Close();
    }

    private static EmulatedMemory Opened(EmulatedMemory memory)
    {
        memory.Open();
        return memory;
    }

    /// <summary>Keeps work for later; false where it is to be done now.</summary>
    private bool IsLate(Action work) => _late?.Add(work) == true;
}

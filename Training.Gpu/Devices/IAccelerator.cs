using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Gpu.Code;

namespace Orleans.Tbptt.Training.Gpu.Devices;

/// <summary>A number or an address that a kernel is given.</summary>
/// <param name="Bits">Its bits.</param>
internal readonly record struct Argument(long Bits)
{
    public static implicit operator Argument(int value) => new(value);

    public static implicit operator Argument(nint address) => new(address);

    public static implicit operator Argument(ulong value) => new(unchecked((long)value));

    public static implicit operator Argument(float value) => new(BitConverter.SingleToUInt32Bits(value));
}

/// <summary>
/// What runs kernels: a GPU through its driver, or the emulator. Work is done in the order in which it is given; only
/// <see cref="Wait"/> and <see cref="Download"/> wait for it. Used by one thread at a time.
/// </summary>
/// <remarks>
/// Each of its functions throws <see cref="DeviceLostException"/> where the device fails, and another exception where only what was asked
/// of it does; once the device has, <see cref="Free"/> and <see cref="FreeHost"/> do not.
/// </remarks>
internal unsafe interface IAccelerator : ICommands, IDisposable
{
    /// <summary>The device, as <c>cuda:0</c>.</summary>
    string Device { get; }

    /// <summary>What sums of tensor cores depend on, as <c>compute capability 8.0</c>.</summary>
    string Architecture { get; }

    /// <summary>Its processors, each of which runs blocks by itself.</summary>
    int Processors { get; }

    /// <summary>How many lists were replayed from what was made of them the second time.</summary>
    int Replayed { get; }

    /// <summary>Why lists are not replayed any more: what failed first; null where they are, or none came a second time.</summary>
    string? WhyNotReplayed { get; }

    /// <summary>Bytes that can still be allocated.</summary>
    long FreeMemory { get; }

    /// <summary>Compiles kernels before they are first launched; those that it has already are left aside.</summary>
    void Prepare(IReadOnlyList<KernelCode> kernels);

    /// <summary>Whether all blocks of a launch run at once, as kernels need that wait for the whole grid.</summary>
    bool FitsAtOnce(KernelCode kernel, int blocks, int threads);

    /// <summary>Allocates memory.</summary>
    /// <exception cref="OutOfDeviceMemoryException">There is not so much left.</exception>
    nint Allocate(long bytes);

    /// <summary>Gives memory back.</summary>
    void Free(nint address);

    /// <summary>Copies to the device from any memory of the host, which may be changed afterwards.</summary>
    void Upload(void* from, nint to, long bytes);

    /// <summary>Copies from the device, after all work before.</summary>
    void Download(nint from, void* to, long bytes);

    /// <summary>Allocates page-locked memory of the host.</summary>
    /// <exception cref="InsufficientMemoryException">The host has not so much left.</exception>
    nint AllocateHost(long bytes);

    /// <summary>Gives it back.</summary>
    void FreeHost(nint address);

    /// <summary>
    /// Runs all commands of a list. The same list may be run faster the next time (<see cref="Replays{T}"/>); it does the same.
    /// </summary>
    void Run(CommandList commands);

    /// <summary>Waits for all work before.</summary>
    void Wait();

    /// <summary>What is equal for all accelerators of one device in this process: they have the same memory.</summary>
    object Identity { get; }

    /// <summary>Opens another accelerator of the device: with the same memory, and work of its own.</summary>
    /// <exception cref="OutOfDeviceMemoryException">There is no memory left for it.</exception>
    IAccelerator OpenAnother();

    /// <summary>Marks the end of the work that was given so far, so that others can wait for it.</summary>
    /// <param name="mark">A mark of this accelerator, which is moved there; 0 makes one, which ends with the accelerator.</param>
    nint Mark(nint mark = 0);

    /// <summary>Has the work that follows run behind a mark of another accelerator of the device; the host does not wait.</summary>
    void Await(nint mark);

    /// <summary>Forgets the lists that have run, because others have given memory back that they may use.</summary>
    void ForgetLists();
}

/// <summary>A device has not enough memory left.</summary>
/// <param name="message">What was asked for, and what there is.</param>
/// <param name="inner">The cause.</param>
internal sealed class OutOfDeviceMemoryException(string message, Exception? inner = null) : Exception(message, inner);

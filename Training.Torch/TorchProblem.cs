using System.Runtime.InteropServices;
using Orleans.Tbptt.Training.Engines;

namespace Orleans.Tbptt.Training.Torch;

/// <summary>
/// What libtorch throws where a GPU fails, in the words of the fused engine on GPUs: the device is lost, it has too little memory, or only
/// what was asked of it failed.
/// </summary>
internal static class TorchProblem
{
    // Of libtorch's allocator, of CUDA, and of the libraries that allocate by themselves.
    private static readonly string[] OfMemory =
        ["CUDA out of memory", "CUDA error: out of memory", "CUBLAS_STATUS_ALLOC_FAILED", "CUDNN_STATUS_ALLOC_FAILED"];

    private static readonly string[] OfDevice = ["CUDA error: ", "CUDA driver error: ", "CUBLAS_STATUS_", "cuDNN error: ", "CUDNN_STATUS_"];

    /// <summary>Says what failed.</summary>
    /// <param name="problem">What libtorch threw.</param>
    /// <param name="device">The device, as <c>cuda:0</c>.</param>
    /// <param name="action">What was tried, in the infinitive.</param>
    /// <param name="what">What must fit into the device's memory for that, in the plural.</param>
    /// <param name="wait">
    /// Waits for the device's work, and throws where that fails: an error of a device stays with its context, so a device that can still be
    /// waited for is sound.
    /// </param>
    /// <returns>The exception to throw instead; null where it is not about the device.</returns>
    public static Exception? Of(ExternalException problem, string device, string action, string what, Action wait)
    {
        string line = FirstLine(problem.Message);
        if (Has(line, OfMemory))
        {
            return new InsufficientMemoryException(
                $"{device} is out of memory: {what} do not fit ({Sentences(line)}); lower tbptt.chunkLength, data.batchSize or "
                + "model.hiddenSize, use more trainers on other devices, or write device: cpu",
                problem);
        }

        if (!Has(line, OfDevice))
            return null;
        string message =
            $"{device}: cannot {action}: {line}; look at `nvidia-smi` and the system's log for the device, or write device: cpu";
        try
        {
            wait();
            return new InvalidOperationException(message, problem);
        }
        catch (ExternalException)
        {
            return new DeviceLostException(new(device), message, problem);
        }
    }

    /// <summary>Behind it are hints for developers, and the stack of libtorch.</summary>
    private static string FirstLine(string message) => message.Split('\n', 2)[0].TrimEnd('\r', ' ', '.');

    /// <summary>What was asked for, and what there is; behind it is how libtorch divides its memory.</summary>
    private static string Sentences(string line) => string.Join(". ", line.Split(". ").Take(3));

    private static bool Has(string line, string[] parts) => parts.Any(part => line.Contains(part, StringComparison.Ordinal));
}

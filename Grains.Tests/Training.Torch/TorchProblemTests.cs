using System.Runtime.InteropServices;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Torch;

namespace Orleans.Tbptt.Tests.Training.Torch;

/// <summary>What libtorch 2.10 throws where a GPU fails, and what becomes of it.</summary>
public sealed class TorchProblemTests
{
    private const string Behind = "\nCUDA kernel errors might be asynchronously reported at some other API call, so the stacktrace below "
        + "might be incorrect.\nFor debugging consider passing CUDA_LAUNCH_BLOCKING=1\nCompile with `TORCH_USE_CUDA_DSA` to enable "
        + "device-side assertions.\n\nException raised from c10_cuda_check_implementation at /pytorch/c10/cuda/CUDAException.cpp:44 (most "
        + "recent call first):\nframe #0: c10::Error::Error(c10::SourceLocation, std::string) + 0x80 (0x7f in libc10.so)";

    /// <summary>The device cannot be waited for any more: it is lost, as with the fused engine.</summary>
    [Theory]
    [InlineData("CUDA error: an illegal memory access was encountered")]
    [InlineData("CUDA error: device-side assert triggered")]
    [InlineData("CUDA error: unspecified launch failure")]
    [InlineData("CUDA error: uncorrectable ECC error encountered")]
    [InlineData("CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasSgemm( handle, opa, opb, m, n, k, &alpha, a, lda)`")]
    [InlineData("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED")]
    [InlineData("CUDA driver error: unknown error")]
    public void Device_ThatDoesNotAnswer_IsLost(string first)
    {
        var lost = Assert.IsType<DeviceLostException>(Of(first + Behind, answers: false));

        Assert.Equal(
            $"cuda:1: cannot train on a chunk: {first}; look at `nvidia-smi` and the system's log for the device, or write device: cpu",
            lost.Message);
        Assert.Equal("cuda:1", lost.Device.Text);
    }

    /// <summary>Only what was asked of it failed: the run fails with the message, and the device is not given up.</summary>
    [Theory]
    [InlineData("CUDA error: no kernel image is available for execution on the device")]
    [InlineData("CUDA error: invalid argument")]
    [InlineData("CUDA error: CUBLAS_STATUS_NOT_SUPPORTED when calling `cublasSgemm( handle, opa, opb, m, n, k, &alpha, a, lda)`")]
    public void Device_ThatAnswers_IsNotLost(string first)
    {
        var failed = Assert.IsType<InvalidOperationException>(Of(first + Behind, answers: true));

        Assert.StartsWith($"cuda:1: cannot train on a chunk: {first}; ", failed.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 1 has a total capacity of 23.65 GiB of which 11.06 MiB is free. "
        + "Including non-PyTorch memory, this process has 23.60 GiB memory in use. Of the allocated memory 22.90 GiB is allocated by "
        + "PyTorch, and 194.87 MiB is reserved by PyTorch but unallocated.",
        "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 1 has a total capacity of 23.65 GiB of which 11.06 MiB is free")]
    [InlineData("CUDA error: out of memory", "CUDA error: out of memory")]
    [InlineData("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`")]
    public void Memory_ThatIsShort_IsOneErrorWithTheRemedy(string first, string said)
    {
        // A device without memory is not asked.
        var refusal = Assert.IsType<InsufficientMemoryException>(Of(first + Behind, answers: null));

        Assert.Equal(
            $"cuda:1 is out of memory: 4 lanes × 10 time steps do not fit ({said}); lower tbptt.chunkLength, data.batchSize or "
                + "model.hiddenSize, use more trainers on other devices, or write device: cpu",
            refusal.Message);
    }

    [Fact]
    public void OtherProblems_AreLeftAsTheyAre() =>
        Assert.Null(Of("mat1 and mat2 shapes cannot be multiplied (3x4 and 5x6)" + Behind, answers: null));

    private static Exception? Of(string message, bool? answers) => TorchProblem.Of(
        Thrown(message), "cuda:1", "train on a chunk", "4 lanes × 10 time steps",
        () =>
        {
            Assert.NotNull(answers);
            if (answers == false)
                throw Thrown(message);
        });

#pragma warning disable CA2201 // It is what TorchSharp throws.
    private static ExternalException Thrown(string message) => new(message);
#pragma warning restore CA2201
}

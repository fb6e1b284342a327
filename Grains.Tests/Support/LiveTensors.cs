using TorchSharp;

namespace Orleans.Tbptt.Tests.Support;

/// <summary>Counts libtorch's tensors in this process.</summary>
internal static class LiveTensors
{
    /// <summary>Tensors that somebody still holds; short-lived ones that wait for their finalizers are none of them.</summary>
    public static long Count()
    {
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        return torch.Tensor.TotalCount;
    }
}

using Orleans.Tbptt.Training.Engines;
using TorchSharp;

namespace Orleans.Tbptt.Training.Torch.Native;

/// <summary>libtorch in this process: loaded once, set up the same way everywhere, with a plain message when that fails.</summary>
/// <remarks>
/// TorchSharp would load it by itself on first use, but blames every failure on a missing package reference, and may first copy 490 MB
/// about looking for one. So the libraries are loaded here by their exact paths, and TorchSharp is touched only when they are in:
/// whatever uses TorchSharp calls <see cref="Initialize"/> first.
/// </remarks>
internal static class NativeBackend
{
    private static readonly Lazy<string?> Problem = new(TryInitialize);

    /// <summary>
    /// Loads libtorch and sets what a reproducible run rests on: one intra-op and one inter-op thread, 32-bit floats, no TF32, no
    /// choosing of CUDA kernels by timing. Only the first call does anything; calls from several threads wait for it.
    /// </summary>
    /// <exception cref="EngineUnavailableException">libtorch cannot be loaded. Later calls say the same again.</exception>
    public static void Initialize()
    {
        if (Problem.Value is { } problem)
            throw new EngineUnavailableException(problem);
    }

    private static string? TryInitialize()
    {
        try
        {
            var libraries = TorchLibraries.Find();
            ThreadTeams.LimitToOne();
            libraries.Load();
            SetUp();
            return null;
        }
        catch (EngineUnavailableException problem)
        {
            return problem.Message;
        }
        catch (Exception problem) when (problem is FileNotFoundException or FileLoadException or BadImageFormatException)
        {
            return $"libtorch cannot be loaded: {LoadFailure.FirstLine(problem.Message)}; build or publish again, or use engine: fused";
        }
        catch (Exception problem) when (problem is TypeInitializationException or NotSupportedException or EntryPointNotFoundException)
        {
            return $"libtorch was loaded, but does not fit TorchSharp {typeof(torch).Assembly.GetName().Version}: "
                + $"{LoadFailure.FirstLine(problem.GetBaseException().Message)}; "
                + "delete the output folder and build again, so that both come from one restore";
        }
    }

    private static void SetUp()
    {
        // First of all: a thread that has already run an operation keeps the number of threads it had then.
        torch.set_num_threads(1);
        // Only if need be: libtorch ends the process when this is set for a second time.
        if (torch.get_num_interop_threads() != 1)
            torch.set_num_interop_threads(1);
        torch.set_default_dtype(torch.ScalarType.Float32);
        torch.set_grad_enabled(true);
        torch.backends.cuda.matmul.allow_tf32 = false;
        torch.backends.cudnn.allow_tf32 = false;
    }
}

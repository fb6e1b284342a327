using Orleans.Tbptt.Training.Engines;
using TorchSharp;

namespace Orleans.Tbptt.Training.Torch.Native;

/// <summary>libtorch in this process: loaded once, configured the same way everywhere, with a clear message on failure.</summary>
/// <remarks>
/// TorchSharp would load it on first use, but reports every failure as a missing package reference, and may first copy 490 MB
/// while it searches for one. So the libraries are loaded here by their exact paths before TorchSharp is used:
/// all code that uses TorchSharp calls <see cref="Initialize"/> first.
/// </remarks>
internal static class NativeBackend
{
    private static readonly Lazy<string?> Problem = new(TryInitialize);

    /// <summary>
    /// Loads libtorch and applies the settings of a reproducible run: one intra-op and one inter-op thread, 32-bit floats, no TF32, no
    /// choice of CUDA kernels by timing. Only the first call has an effect; concurrent calls wait for it.
    /// </summary>
    /// <exception cref="EngineUnavailableException">libtorch cannot be loaded. Later calls throw the same message.</exception>
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
            return $"libtorch was loaded, but does not match TorchSharp {typeof(torch).Assembly.GetName().Version}: "
                + $"{LoadFailure.FirstLine(problem.GetBaseException().Message)}; "
                + "delete the output folder and build again, so that both come from the same restore";
        }
    }

    private static void SetUp()
    {
        // Set first, because a thread that has already run an operation keeps its number of threads.
        torch.set_num_threads(1);
        // Only if necessary: libtorch aborts the process when this is set a second time.
        if (torch.get_num_interop_threads() != 1)
            torch.set_num_interop_threads(1);
        torch.set_default_dtype(torch.ScalarType.Float32);
        torch.set_grad_enabled(true);
        torch.backends.cuda.matmul.allow_tf32 = false;
        torch.backends.cudnn.allow_tf32 = false;
    }
}

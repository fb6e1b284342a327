using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Orleans.Tbptt.Training.Torch;

/// <summary>What libtorch's bits are a function of besides spec and data, as far as a program can know.</summary>
internal static class TorchArithmetic
{
    private static readonly Lazy<string> Processor = new(Find);

    /// <summary>libtorch's version and the type of processor; of a GPU that it is one, because TorchSharp does not tell its type.</summary>
    public static string Of(Device device) =>
        $"libtorch {__version__}, {(device.type == TorchSharp.DeviceType.CPU ? Processor.Value : $"a GPU by {device.type}")}";

    private static string Find()
    {
        const string file = "/proc/cpuinfo";
        string? line = File.Exists(file)
            ? File.ReadLines(file).FirstOrDefault(one => one.StartsWith("model name", StringComparison.Ordinal)) : null;
        return line is null
            ? RuntimeInformation.ProcessArchitecture.ToString() : line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
    }
}

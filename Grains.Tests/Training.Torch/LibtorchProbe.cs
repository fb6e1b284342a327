using System.IO.Hashing;
using System.Runtime.InteropServices;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Torch;
using Orleans.Tbptt.Training.Torch.Native;
using static TorchSharp.torch;

namespace Orleans.Tbptt.Tests.Training.Torch;

/// <summary>What a <see cref="CopiedProgram"/> does.</summary>
public sealed class LibtorchProbe
{
    /// <summary>Not a test: what the copies of this program run.</summary>
    [Fact(Explicit = true)]
    public void Probe()
    {
        string answer;
        try
        {
            NativeBackend.Initialize();
            answer = $"loaded{(LibtorchFolder.Warning is { } warning ? $", {warning}" : "")}\n{Computed()}\n{Mapped()}";
        }
        catch (EngineUnavailableException problem)
        {
            answer = problem.Message;
            Assert.Equal(answer, Assert.Throws<EngineUnavailableException>(NativeBackend.Initialize).Message);
        }

        File.WriteAllText(Environment.GetEnvironmentVariable(CopiedProgram.AnswerVariable)!, answer);
    }

    /// <summary>A hash of the bits of a chunk's gradient.</summary>
    internal static string Computed()
    {
        var example = new ReferenceCase(new("lstm", 2, Tokens: false, Classes: false, 0.4), [6, 6, 4], lanes: 3, chunkLength: 6);
        using var replica = new TorchReplica(example.Model, example.Loss, CPU);
        float[] gradient = new float[example.Layout.Length];
        replica.LoadParameters(example.Parameters);
        replica.ForwardBackward(
            example.Batch(0), example.Dropout(0), example.HiddenBefore, new float[example.HiddenBefore.Length], gradient);
        return Convert.ToHexString(XxHash128.Hash(MemoryMarshal.AsBytes<float>(gradient)));
    }

    /// <summary>Every libtorch that the process has mapped.</summary>
    private static string Mapped() => string.Join(' ', File.ReadLines("/proc/self/maps")
        .Where(line => line.EndsWith("/libtorch_cpu.so", StringComparison.Ordinal))
        .Select(line => line[line.IndexOf('/', StringComparison.Ordinal)..]).Distinct());
}

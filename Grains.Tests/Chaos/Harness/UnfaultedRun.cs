using System.Collections.Concurrent;
using Orleans.Tbptt.Data.Safetensors;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Tests.Chaos.Harness;

/// <summary>
/// What a run gives when nothing happens to it: from the single-process trainer, and so from none of the code that recovers.
/// </summary>
/// <param name="Oracle">Its losses and its last state.</param>
/// <param name="Model">The bytes of its <c>model.safetensors</c>.</param>
/// <param name="Hidden">The bytes of its <c>hidden.safetensors</c>.</param>
internal sealed record UnfaultedRun(Oracle Oracle, byte[] Model, byte[] Hidden)
{
    private static readonly ConcurrentDictionary<RunSpec, Lazy<UnfaultedRun>> Known = new();

    /// <summary>Trains a spec, or remembers how it went.</summary>
    public static UnfaultedRun Of(RunSpec spec) => Known.GetOrAdd(spec, one => new(() => Train(one))).Value;

    private static UnfaultedRun Train(RunSpec spec)
    {
        var oracle = Oracle.Of(spec);
        var (output, layout, lanes) = (oracle.Output, oracle.State.Layout, spec.Data.BatchSize);
        var metadata = new Dictionary<string, string> { ["format"] = "pt", ["step"] = $"{output.Step}" };
        return new(
            oracle,
            Bytes(file => SafetensorsFile.Write(file, layout, output.Parameters, metadata)),
            Bytes(file => SafetensorsFile.Write(
                file, HiddenTensors.Slots(spec.Model, lanes), HiddenTensors.Of(spec.Model, lanes, output.Hidden), metadata)));
    }

    private static byte[] Bytes(Action<Stream> write)
    {
        using var file = new MemoryStream();
        write(file);
        return file.ToArray();
    }
}

using Microsoft.Extensions.Options;
using Orleans.Tbptt.Grains.Telemetry;

namespace Orleans.Tbptt.Grains.Streams;

/// <summary>What the streams of a silo share.</summary>
/// <param name="models">Finds models.</param>
/// <param name="worker">Computes and writes.</param>
/// <param name="instruments">Measures.</param>
/// <param name="options">What is kept, and how long.</param>
/// <param name="time">The clock.</param>
internal sealed class StreamServices(
    ServedModels models, StreamWorker worker, StreamInstruments instruments, IOptions<TbpttGrainsOptions> options, TimeProvider time)
{
    /// <summary>Finds models.</summary>
    public ServedModels Models => models;

    /// <summary>Computes and writes.</summary>
    public StreamWorker Worker => worker;

    /// <summary>The streams of this silo.</summary>
    public LocalStreams Local { get; } = new(time);

    /// <summary>Measures.</summary>
    public StreamInstruments Instruments => instruments;

    /// <summary>What is kept, and how long.</summary>
    public ServeOptions Options { get; } = options.Value.Serve;

    /// <summary>The clock.</summary>
    public TimeProvider Time => time;
}

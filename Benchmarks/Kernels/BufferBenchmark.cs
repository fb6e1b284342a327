using System.Buffers;
using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using Orleans.Tbptt.Messages;

namespace Orleans.Tbptt.Benchmarks.Kernels;

/// <summary>Serializes and deserializes a gradient buffer with Orleans' serializer, without a network.</summary>
[MemoryDiagnoser]
public class BufferBenchmark
{
    private Serializer<GradientBuffer> _serializer = null!;
    private GradientBuffer _buffer = null!;
    private ArrayBufferWriter<byte> _wire = null!;

    [Params(2_665, 1 << 18, 4_200_000)]
    public int Numbers { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        _serializer = new ServiceCollection().AddSerializer(builder => builder.AddAssembly(typeof(GradientBuffer).Assembly))
            .BuildServiceProvider().GetRequiredService<Serializer<GradientBuffer>>();
        _buffer = GradientBuffer.Wrap(new float[Numbers]);
        _wire = new(Numbers * sizeof(float) + 64);
    }

    [Benchmark]
    public int ThereAndBack()
    {
        _wire.ResetWrittenCount();
        _serializer.Serialize(_buffer, _wire);
        using var back = _serializer.Deserialize(_wire.WrittenMemory);
        return back!.Length;
    }
}

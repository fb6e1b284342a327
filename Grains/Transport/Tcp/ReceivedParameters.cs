using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Grains.Transport.Tcp;

/// <summary>The parameters of one committed state, read from a channel bucket by bucket into memory that is used for every step.</summary>
internal sealed class ReceivedParameters
{
    private float[] _values = [];
    private (int Generation, long Step) _of = (-1, -1);
    private int _next;
    private bool _areRounded;

    /// <summary>Reads a bucket. Buckets come in order, from 0.</summary>
    /// <exception cref="InvalidDataException">It is not the next one, or does not fit the model.</exception>
    public void Read(FrameHeader header, FrameStream frames)
    {
        var of = (header.Generation, header.Step);
        if (header.Bucket == 0)
            Begin(of, header.Length);
        if (of != _of || header.Bucket != _next || header.Length != _values.Length || _next >= Buckets.Count(_values.Length))
            throw new InvalidDataException($"found {header}, expected bucket {_next} of {_values.Length} parameters of step {_of.Step}, generation {_of.Generation}");
        _areRounded &= frames.ReadFloats(header, Buckets.Of(_values, _next).Span);
        _next++;
    }

    /// <summary>The parameters of a state.</summary>
    /// <exception cref="InvalidDataException">They have not come.</exception>
    public GradientBuffer Of(int generation, long step) => _of == (generation, step) && _next == Buckets.Count(_values.Length)
        ? GradientBuffer.Wrap(_values, isRounded: _areRounded)
        : throw new InvalidDataException($"parameters of step {step}, generation {generation}, were asked for, and {_next} buckets of step {_of.Step}, generation {_of.Generation}, have come");

    private void Begin((int, long) of, int length)
    {
        if (length is <= 0 or > SpecFit.LargestModel)
            throw new InvalidDataException($"found a model of {length} parameters, expected 1 to {SpecFit.LargestModel}");
        (_of, _next, _areRounded) = (of, 0, true);
        if (_values.Length != length)
            _values = GC.AllocateUninitializedArray<float>(length, pinned: true);
    }
}

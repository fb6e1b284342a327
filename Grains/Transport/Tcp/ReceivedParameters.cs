using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Grains.Transport.Tcp;

/// <summary>
/// The parameters of one committed state, read from a connection bucket by bucket into memory that is used for every step.
/// </summary>
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
        {
            throw new InvalidDataException(
                $"found {header}, expected bucket {_next} of {_values.Length} parameters of step {_of.Step}, generation {_of.Generation}");
        }

        _areRounded &= frames.ReadFloats(header, Buckets.Of(_values, _next).Span);
        _next++;
    }

    /// <summary>The parameters for a request that needs some and holds none; null for all others.</summary>
    /// <exception cref="InvalidDataException">They have not arrived.</exception>
    public GradientBuffer? For(ChunkWork work)
    {
        if (!work.NeedsParameters || work.Parameters.Length > 0)
            return null;
        return _of == (work.Generation, work.Step) && _next == Buckets.Count(_values.Length)
            ? GradientBuffer.Wrap(_values, isRounded: _areRounded)
            : throw new InvalidDataException(
                $"found {_next} buckets of step {_of.Step}, generation {_of.Generation}, "
                + $"expected the parameters of step {work.Step}, generation {work.Generation}");
    }

    private void Begin((int, long) of, int length)
    {
        if (length is <= 0 or > SpecFit.LargestModel)
            throw new InvalidDataException($"found a model of {length} parameters, expected 1 to {SpecFit.LargestModel}");
        (_of, _next, _areRounded) = (of, 0, true);
        if (_values.Length != length)
            _values = GC.AllocateUninitializedArray<float>(length, pinned: true);
    }
}

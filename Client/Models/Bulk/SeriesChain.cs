using System.Runtime.InteropServices;
using System.Threading.Channels;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Client.Models.Bulk;

/// <summary>
/// The blocks of a group of series, each of which begins with the hidden states that the one before it ended with. Runs ahead of who takes
/// its outputs, as far as these may be kept.
/// </summary>
internal sealed class SeriesChain
{
    private readonly Channel<Part> _parts;
    private readonly ISequenceSet _sequences;
    private readonly DataShape _shape;
    private readonly int _first, _count, _steps, _width;

    /// <summary>Describes the chain.</summary>
    /// <param name="data">What is forecast from.</param>
    /// <param name="first">The first series.</param>
    /// <param name="count">How many.</param>
    /// <param name="steps">Time steps of a block.</param>
    public SeriesChain(IForecastData data, int first, int count, int steps)
    {
        (_sequences, _shape, _first, _count, _steps, _width) = (data.Sequences, data.Shape, first, count, steps, data.Targets.Count);
        // A group of several series is kept whole, and is small enough for that.
        _parts = count > 1 ? Channel.CreateUnbounded<Part>()
            : Channel.CreateBounded<Part>(Math.Max(1, SeriesGroups.MostKept / Math.Max(1, steps * _width)));
    }

    /// <summary>Computes the blocks.</summary>
    /// <param name="model">The model's hash.</param>
    /// <param name="hidden">The hidden states of the group's series, before and after.</param>
    /// <param name="computer">Computes a block.</param>
    /// <param name="cancellation">Gives it up.</param>
    public async Task RunAsync(string model, Memory<float> hidden, IBlockComputer computer, CancellationToken cancellation)
    {
        Exception? failure = null;
        try
        {
            int state = hidden.Length / _count, longest = Enumerable.Range(_first, _count).Max(_sequences.Length);
            for (int start = 0; start < longest; start += _steps)
            {
                var slices = Slices(start);
                var reply = await computer.ComputeAsync(Read(model, slices, hidden, state), cancellation);
                foreach (var (place, slice) in slices.Index())
                {
                    reply.Hidden.Memory.Slice(place * state, state)
                        .CopyTo(hidden[((slice.Sequence - _first) * state)..]);
                }

                reply.Hidden.Dispose();
                await _parts.Writer.WriteAsync(new(slices, reply.Outputs), cancellation);
            }
        }
#pragma warning disable CA1031 // Whatever it is, it belongs to who takes the outputs.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            failure = exception;
        }

        _parts.Writer.Complete(failure);
    }

    /// <summary>Passes the outputs on, series by series, in order of time.</summary>
    public async Task TakeAsync(ForecastUnits units, CancellationToken cancellation)
    {
        float[][] kept = _count == 1 ? []
            : [.. Enumerable.Range(_first, _count).Select(sequence => new float[_sequences.Length(sequence) * _width])];
        await foreach (var (slices, outputs) in _parts.Reader.ReadAllAsync(cancellation))
        {
            int at = 0;
            foreach (var slice in slices)
            {
                var some = outputs.Span.Slice(at, slice.Length * _width);
                if (_count == 1)
                    units.Take(slice, some);
                else
                    some.CopyTo(kept[slice.Sequence - _first].AsSpan(slice.Start * _width));
                at += some.Length;
            }

            outputs.Dispose();
        }

        foreach (var (place, outputs) in kept.Index())
            units.Take(new(_first + place, 0, outputs.Length / _width), outputs);
    }

    /// <summary>The parts of all series that are as long, from a time step on.</summary>
    private SequenceSlice[] Slices(int start) =>
    [
        .. Enumerable.Range(_first, _count).Where(sequence => _sequences.Length(sequence) > start)
            .Select(sequence => new SequenceSlice(sequence, start, Math.Min(_steps, _sequences.Length(sequence) - start))),
    ];

    private ForecastBlock Read(string model, SequenceSlice[] slices, ReadOnlyMemory<float> hidden, int state)
    {
        int rows = slices.Sum(slice => slice.Length);
        var values = new float[rows * _shape.InputFeatures];
        var codes = new long[rows * _shape.Codes];
        var before = new float[slices.Length * state];
        int at = 0;
        foreach (var (place, slice) in slices.Index())
        {
            if (_shape.InputFeatures > 0)
                _sequences.ReadInputs(slice, values.AsSpan(at * _shape.InputFeatures, slice.Length * _shape.InputFeatures));
            if (_shape.Codes > 0)
                _sequences.ReadInputs(slice, codes.AsSpan(at * _shape.Codes, slice.Length * _shape.Codes));
            hidden.Slice((slice.Sequence - _first) * state, state).CopyTo(before.AsMemory(place * state));
            at += slice.Length;
        }

        return new()
        {
            Model = model, Lengths = [.. slices.Select(slice => slice.Length)], Values = GradientBuffer.Wrap(values),
            Codes = MemoryMarshal.AsBytes<long>(codes).ToArray(), Hidden = GradientBuffer.Wrap(before),
        };
    }

    /// <summary>What a block gave.</summary>
    private readonly record struct Part(SequenceSlice[] Slices, GradientBuffer Outputs);
}

using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Training.Steps;

/// <summary>
/// Makes the hash of a committed state (docs/exactness.md): XXH3 over the numbers of the state and the XXH3 of each of its arrays, in an
/// order that <see cref="TrainingState"/> fixes. Each array is hashed on its own, so that a commit can add piece by piece what is still in
/// the processor's cache; in which pieces it comes changes no bit. Allocates nothing after its construction.
/// </summary>
internal sealed class StateHasher
{
    private readonly TrainingState _state;
    private readonly XxHash3 _whole = new();

    // Of the parameters, and of each buffer that an update changes together with them.
    private readonly XxHash3[] _parts;

    /// <summary>Hashes a state, whenever it is asked to.</summary>
    public StateHasher(TrainingState state)
    {
        _state = state;
        int updated = state.Buffers.Count - (state.GradientSum.Length > 0 ? 1 : 0);
        _parts = [.. Enumerable.Range(0, 1 + updated).Select(_ => new XxHash3())];
    }

    /// <summary>The hash of a state as it is.</summary>
    public static StateHash Of(TrainingState state)
    {
        var hasher = new StateHasher(state);
        hasher.Begin();
        hasher.Add(0, state.Parameters.Length);
        return hasher.Finish();
    }

    /// <summary>Forgets what was added.</summary>
    public void Begin()
    {
        foreach (var part in _parts)
            part.Reset();
    }

    /// <summary>Adds parameters, and what an update changes with them. Pieces come in order, all of them.</summary>
    /// <param name="first">The first parameter of the piece.</param>
    /// <param name="count">How many there are.</param>
    public void Add(int first, int count)
    {
        _parts[0].Append(Bytes(_state.Parameters.AsSpan(first, count)));
        for (int i = 1; i < _parts.Length; i++)
            _parts[i].Append(Bytes(_state.Buffers[i - 1].Values.Span.Slice(first, count)));
    }

    /// <summary>The hash, when every parameter was added and the state has advanced.</summary>
    public StateHash Finish()
    {
        _whole.Reset();
        Append(_state.Step);
        Append(_state.Updates);
        Append(_state.Optimizer.Count);
        Append(_state.Average.Count);
        Append(BitConverter.DoubleToInt64Bits(_state.GradientWeight));
        foreach (var part in _parts)
            Append((long)part.GetCurrentHashAsUInt64());
        if (_state.GradientSum.Length > 0)
            AppendHashOf(_state.GradientSum);
        AppendHashOf(_state.Hidden);
        for (int i = 0; i < _state.TrainerOptimizers.Count; i++)
        {
            Append(_state.TrainerOptimizers[i].Count);
            AppendHashOf(_state.TrainerOptimizers[i].Values);
        }

        return new(_whole.GetCurrentHashAsUInt64());
    }

    private void AppendHashOf(float[] values) => Append((long)XxHash3.HashToUInt64(Bytes(values)));

    private void Append(long number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        _whole.Append(bytes);
    }

    /// <summary>As they lie in memory, little-endian on every processor that the engines compute on.</summary>
    private static ReadOnlySpan<byte> Bytes(ReadOnlySpan<float> values) => MemoryMarshal.AsBytes(values);
}

using System.Collections;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Grains.Transport.Messages;

/// <summary>The parameters of one committed state, put together from buckets in memory that is used for every step.</summary>
internal sealed class OfferedParameters
{
    private float[] _values = [];
    private BitArray _there = new(0);
    private int _missing;
    private (int Generation, long Step) _of = (-1, -1);
    private TaskCompletionSource<Memory<float>> _whole = New();

    /// <summary>Takes a bucket; those of an older state than the newest seen are left aside, as is one that has arrived already.</summary>
    /// <exception cref="InvalidDataException">The bucket does not fit the model.</exception>
    public void Take(ParameterBucket bucket)
    {
        var of = (bucket.Generation, bucket.Step);
        if (of.CompareTo(_of) < 0)
            return;
        int buckets = Buckets.Count(bucket.Length);
        if (bucket.Length is <= 0 or > SpecFit.LargestModel || bucket.Bucket < 0 || bucket.Bucket >= buckets
            || bucket.Values.Length != Math.Min(Buckets.Elements, bucket.Length - bucket.Bucket * Buckets.Elements))
            throw new InvalidDataException(
                $"bucket {bucket.Bucket} of {bucket.Length} parameters has {bucket.Values.Length} values, which does not fit");
        if (of != _of)
            Begin(of);
        if (_there.Length == 0)
            MakeRoom(bucket.Length, buckets);
        if (_there[bucket.Bucket])
            return;
        bucket.Values.Span.CopyTo(Buckets.Of(_values, bucket.Bucket).Span);
        _there[bucket.Bucket] = true;
        if (--_missing == 0)
            _whole.SetResult(_values);
    }

    /// <summary>The parameters of a state, when they are whole.</summary>
    /// <exception cref="OperationCanceledException">Those of a newer state came before.</exception>
    public Task<Memory<float>> Of(int generation, long step)
    {
        var of = (generation, step);
        if (of.CompareTo(_of) > 0)
            Begin(of);
        return of == _of ? _whole.Task : Task.FromCanceled<Memory<float>>(new CancellationToken(canceled: true));
    }

    private void Begin((int, long) of)
    {
        _whole.TrySetCanceled();
        (_of, _there, _whole) = (of, new(0), New());
    }

    private void MakeRoom(int length, int buckets)
    {
        (_there, _missing) = (new(buckets), buckets);
        if (_values.Length != length)
            _values = GC.AllocateUninitializedArray<float>(length, pinned: true);
    }

    private static TaskCompletionSource<Memory<float>> New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

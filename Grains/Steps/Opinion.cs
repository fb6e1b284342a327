using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Orleans.Tbptt.Grains.Transport;
using Orleans.Tbptt.Protocol;

namespace Orleans.Tbptt.Grains.Steps;

/// <summary>
/// What some trainers gave to a step, as SHA-256 of its bytes: the gradient sums of the tree's nodes that their shards make up, the hidden
/// states, the losses. Equal ones are of the same bytes; the bytes themselves are not kept. Every NaN counts as the same one: which of its
/// bit patterns an operation gives differs from processor to processor.
/// </summary>
internal sealed class Opinion : IDisposable
{
    private readonly IncrementalHash _sums = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly IncrementalHash _hidden = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly IncrementalHash _losses = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly Lock _gate = new();
    private (string Name, byte[] Hash)[]? _closed;
    private bool _isDisposed;

    /// <summary>Adds the next bucket of the gradient sums.</summary>
    public void Add(SumBucket bucket)
    {
        // A reader of sums that was given up may still read one.
        lock (_gate)
        {
            if (_isDisposed)
                return;
            foreach (var sum in bucket.Sums)
                Append(_sums, sum.Span);
        }
    }

    /// <summary>Adds what the trainers gave besides gradients; nothing can be added after it.</summary>
    public void Close(IEnumerable<Contribution> contributions)
    {
        foreach (var one in contributions)
        {
            Append(_hidden, one.Hidden.Span);
            foreach (double number in one.LossSums.Concat(one.Weights))
                _losses.AppendData(BitConverter.GetBytes(double.IsNaN(number) ? double.NaN : number));
        }

        _closed = [("gradient sums", _sums.GetHashAndReset()), ("hidden state", _hidden.GetHashAndReset()),
            ("loss", _losses.GetHashAndReset())];
    }

    /// <summary>What is unlike in another opinion, in words; empty where both are of the same bytes.</summary>
    public string Unlike(Opinion other) => string.Join(" and ", Closed.Zip(other.Closed)
        .Where(pair => !pair.First.Hash.AsSpan().SequenceEqual(pair.Second.Hash)).Select(pair => pair.First.Name));

    /// <summary>Asks trainers for their opinion.</summary>
    /// <param name="link">The link to them.</param>
    /// <param name="ticket">The step's ticket.</param>
    /// <param name="parameters">How many parameters the model has.</param>
    /// <returns>The opinion; null, and why, where they did not all contribute.</returns>
    public static async Task<(Opinion? Given, string Problem)> Of(ITrainerLink link, StepTicket ticket, int parameters)
    {
        var reply = await link.Ask(new(ticket, null, ticket.Step));
        if (!reply.Replies.All(one => one is Contribution))
            return (null, new GroupReply<Contribution>(link.Trainers, reply.Replies).Reason);
        var opinion = new Opinion();
        try
        {
            if (Buckets.AreUsedFor(parameters))
            {
                for (int bucket = 0; bucket < Buckets.Count(parameters); bucket++)
                    opinion.Add(await link.FetchSum(ticket.Generation, ticket.Step, bucket));
            }
            else
            {
                opinion.Add(new(reply.Sums));
            }

            opinion.Close(reply.Replies.Cast<Contribution>());
            return (opinion, "");
        }
        catch
        {
            opinion.Dispose();
            throw;
        }
    }

    /// <summary>Disposes of an opinion that nobody waits for any more.</summary>
    public static async Task DisposeOnceGiven(Task<(Opinion? Given, string Problem)> asked)
    {
        await ((Task)asked).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        if (asked.IsCompletedSuccessfully)
            (await asked).Given?.Dispose();
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
            _sums.Dispose();
            _hidden.Dispose();
            _losses.Dispose();
        }
    }

    private static void Append(IncrementalHash hash, ReadOnlySpan<float> values)
    {
        if (!TensorPrimitives.IsNaNAny(values))
        {
            hash.AppendData(MemoryMarshal.AsBytes(values));
            return;
        }

        Span<float> part = stackalloc float[256];
        while (values.Length > 0)
        {
            int count = Math.Min(values.Length, part.Length);
            for (int i = 0; i < count; i++)
                part[i] = float.IsNaN(values[i]) ? float.NaN : values[i];
            hash.AppendData(MemoryMarshal.AsBytes(part[..count]));
            values = values[count..];
        }
    }

    private (string Name, byte[] Hash)[] Closed => _closed ?? throw new InvalidOperationException("the opinion is not whole yet");
}

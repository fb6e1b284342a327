using Orleans.Tbptt.Data;
using Orleans.Tbptt.Numerics;
using Orleans.Tbptt.Training.Fused.Simd;

namespace Orleans.Tbptt.Training.Models;

/// <summary>How tokens are drawn.</summary>
/// <param name="Seed">The seed: the same one gives the same tokens.</param>
/// <param name="Temperature">
/// What scores are divided by before the softmax: below 1 the likely tokens become likelier. 0 takes the likeliest token. Default 1.
/// </param>
/// <param name="TopK">Only the so many likeliest tokens are drawn from; null, the default, for all.</param>
public sealed record SamplingOptions(long Seed = 1, double Temperature = 1, int? TopK = null);

/// <summary>
/// Generates tokens: each is drawn from the softmax of the model's outputs, and is its next input, with the hidden state carried. The same
/// model, prompt and options give the same tokens on every machine.
/// </summary>
/// <remarks>Not thread-safe.</remarks>
public sealed class TokenSampler : IDisposable
{
    private readonly SequencePredictor _predictor;
    private readonly SamplingOptions _options;
    private readonly ulong _key;
    private readonly float[] _hidden;
    private readonly float[] _scores;
    private readonly double[] _weights;
    private readonly int[] _order;
    private ulong _drawn;

    /// <summary>Loads a model.</summary>
    /// <param name="package">The model; its inputs and outputs are the same tokens.</param>
    /// <param name="options">How tokens are drawn.</param>
    /// <exception cref="ModelPackageException">Its inputs are no tokens, or its outputs others than its inputs.</exception>
    public TokenSampler(ModelPackage package, SamplingOptions options)
    {
        ArgumentNullException.ThrowIfNull(package);
        ArgumentNullException.ThrowIfNull(options);
        var model = package.Spec.Model;
        if (model.Embedding?.Vocabulary is not { } vocabulary || model.OutputSize != vocabulary)
        {
            throw new ModelPackageException(
                "found a model that does not forecast its next input token, expected one of bytes, characters or words");
        }

        _options = options;
        _key = CounterRandom.Key(options.Seed, RandomPurpose.Sampling);
        _predictor = new(package.Spec, new(0, vocabulary, 0, vocabulary), package.Parameters.Span);
        _hidden = _predictor.Starts();
        (_scores, _weights, _order) = (new float[vocabulary], new double[vocabulary], new int[vocabulary]);
    }

    /// <summary>Feeds tokens, at least one.</summary>
    public void Feed(IReadOnlyList<long> tokens)
    {
        const int Chunk = 256;
        _predictor.Run(new TokenSequence(tokens), 1, Chunk, _hidden, (slice, outputs) => outputs[^_scores.Length..].CopyTo(_scores));
    }

    /// <summary>Draws the token that follows those which were fed, and feeds it.</summary>
    public long Next()
    {
        long token = _options.Temperature == 0 ? Likeliest() : Draw();
        Feed([token]);
        return token;
    }

    /// <inheritdoc/>
    public void Dispose() => _predictor.Dispose();

    /// <summary>The first of the largest scores.</summary>
    private int Likeliest()
    {
        int best = 0;
        for (int i = 1; i < _scores.Length; i++)
            best = _scores[i] > _scores[best] ? i : best;
        return best;
    }

    private int Draw()
    {
        float largest = _scores[Likeliest()];
        int kept = Math.Min(_options.TopK ?? _scores.Length, _scores.Length);
        for (int i = 0; i < _order.Length; i++)
            _order[i] = i;
        if (kept < _order.Length)
        {
            // Of equal scores the lower number comes first, so that the choice does not depend on the sort.
            Array.Sort(_order, (one, other) => _scores[other].CompareTo(_scores[one]) is not 0 and var way ? way : one.CompareTo(other));
            Array.Sort(_order, 0, kept);
        }

        double sum = 0;
        for (int i = 0; i < kept; i++)
            sum += _weights[i] = Exp((float)((_scores[_order[i]] - largest) / _options.Temperature));
        double drawn = CounterRandom.Uniform(_key, _drawn++) * sum;
        for (int i = 0; i < kept - 1; i++)
        {
            if (drawn < _weights[i])
                return _order[i];
            drawn -= _weights[i];
        }

        return _order[kept - 1];
    }

    /// <summary>The engine's own exponential, which has the same bits everywhere.</summary>
    private static unsafe float Exp(float x)
    {
        float result;
        Floats1.Store(Activation.Exp(Floats1.Of(x)), &result);
        return result;
    }

    /// <summary>Tokens as a sequence without targets.</summary>
    private sealed class TokenSequence(IReadOnlyList<long> tokens) : ISequenceSet
    {
        public int Count => 1;

        public int Length(int sequence) => tokens.Count;

        public void ReadInputs(SequenceSlice slice, Span<float> destination) => throw new NotSupportedException("inputs are tokens");

        public void ReadInputs(SequenceSlice slice, Span<long> destination)
        {
            for (int i = 0; i < slice.Length; i++)
                destination[i] = tokens[slice.Start + i];
        }

        public void ReadTargets(SequenceSlice slice, Span<float> destination) => throw new NotSupportedException("targets are classes");

        public void ReadTargets(SequenceSlice slice, Span<long> destination) => destination.Clear();
    }
}

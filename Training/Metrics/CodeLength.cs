using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Metrics;

/// <summary>What a loss that is a code's length says in other units; nothing of other losses.</summary>
public static class CodeLength
{
    /// <summary>
    /// Bits per byte, character or word of a stream (the loss in nats over ln 2); and, of data that are held out, the perplexity e^loss:
    /// among how many equally likely classes the choice would be as hard.
    /// </summary>
    /// <param name="spec">The spec.</param>
    /// <param name="loss">The mean loss.</param>
    /// <param name="kind">Which loss it is.</param>
    public static IEnumerable<Metric> Of(RunSpec spec, double loss, MetricKind kind)
    {
        ArgumentNullException.ThrowIfNull(spec);
        if (!spec.Train.Loss.IsCodeLength)
            yield break;
        string word = kind.ToString().ToLowerInvariant();
        if (spec.Data.Source.BitsPer is { } unit)
            yield return new(word, loss / Math.Log(2), unit, kind);
        if (kind != MetricKind.Training)
            yield return new($"{word} perplexity", Math.Min(Math.Exp(loss), double.MaxValue), "", kind);
    }
}

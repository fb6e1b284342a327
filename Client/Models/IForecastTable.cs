using Orleans.Tbptt.Data;

namespace Orleans.Tbptt.Client.Models;

/// <summary>What a model gives, as it is written.</summary>
internal interface IForecastTable : IDisposable
{
    /// <summary>Rows that were forecast from so far.</summary>
    long Rows { get; }

    /// <summary>Adds what the model gave; sequence by sequence, in order of time.</summary>
    /// <param name="slice">The time steps that it was given at.</param>
    /// <param name="forecasts">That of all targets, <c>[slice.Length, targets]</c>.</param>
    void Add(SequenceSlice slice, ReadOnlySpan<double> forecasts);
}

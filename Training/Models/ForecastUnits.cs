using Orleans.Tbptt.Data;

namespace Orleans.Tbptt.Training.Models;

/// <summary>Forecasts of a stretch of one sequence.</summary>
/// <param name="slice">The time steps that they are made at.</param>
/// <param name="forecasts">The forecasts in the targets' units, <c>[slice.Length, targets]</c>, row-major; valid during the call.</param>
public delegate void ForecastChunk(SequenceSlice slice, ReadOnlySpan<double> forecasts);

/// <summary>Brings a model's outputs to the units of their columns, some time steps at a time.</summary>
/// <param name="data">What is forecast from.</param>
/// <param name="take">Receives the forecasts.</param>
public sealed class ForecastUnits(IForecastData data, ForecastChunk take)
{
    private const int Chunk = 256;

    private readonly int _targets = data.Targets.Count;
    private readonly float[] _outputs = new float[Chunk];
    private readonly double[] _column = new double[Chunk];
    private readonly double[] _rows = new double[Chunk * data.Targets.Count];

    /// <summary>Passes the forecasts of a stretch of one sequence on.</summary>
    /// <param name="slice">The time steps.</param>
    /// <param name="outputs">What the model gave, <c>[slice.Length, targets]</c>.</param>
    public void Take(SequenceSlice slice, ReadOnlySpan<float> outputs)
    {
        for (int start = 0; start < slice.Length; start += Chunk)
        {
            var part = slice with { Start = slice.Start + start, Length = Math.Min(Chunk, slice.Length - start) };
            for (int target = 0; target < _targets; target++)
            {
                for (int t = 0; t < part.Length; t++)
                    _outputs[t] = outputs[((start + t) * _targets) + target];
                data.ToUnits(part, target, _outputs.AsSpan(0, part.Length), _column.AsSpan(0, part.Length));
                for (int t = 0; t < part.Length; t++)
                    _rows[(t * _targets) + target] = _column[t];
            }

            take(part, _rows.AsSpan(0, part.Length * _targets));
        }
    }
}

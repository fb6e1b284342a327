using System.Numerics;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Optimizers;

namespace Orleans.Tbptt.Training.Averages;

/// <summary>
/// A running average of the parameters after each update, as part of S(n): an exponential moving one, or the mean of the iterates as
/// <c>torch.optim.ASGD</c> keeps it. Computed element by element without fused multiply-add, so that no vector width changes a bit.
/// </summary>
public sealed class ParameterAverage
{
    /// <summary>The average's name in a checkpoint.</summary>
    internal const string Name = "average";

    private readonly TrainSpec _train;
    private double _rate;

    /// <summary>An average of nothing yet.</summary>
    /// <param name="train">Says which average, if any.</param>
    /// <param name="parameters">How many parameters there are.</param>
    internal ParameterAverage(TrainSpec train, int parameters)
    {
        _train = train;
        Values = new float[train.KeepsAverage ? parameters : 0];
        Follow([]);
    }

    /// <summary>The average, as long as the parameters; empty where the spec has none.</summary>
    public float[] Values { get; }

    /// <summary>The updates that it is over; 0 where it has not begun, and nothing in <see cref="Values"/> counts.</summary>
    public long Count { get; internal set; }

    /// <summary>Whether an update is taken into it.</summary>
    internal bool IsTaking { get; private set; }

    /// <summary>Takes note of the losses of the finished epochs, on which it may depend whether it has begun.</summary>
    internal void Follow(IReadOnlyList<double> losses) =>
        IsTaking = _train.Ema is not null || _train.Optimizer.Averaging?.HasBegun(losses) == true;

    /// <summary>An update has begun; its pieces follow.</summary>
    internal void Begin() => _rate = Rate(++Count);

    /// <summary>Takes a piece of the updated parameters in.</summary>
    /// <param name="first">The index of the piece's first element in the flat parameters.</param>
    /// <param name="parameters">The parameters of the piece.</param>
    /// <returns>Whether the average of the piece is finite.</returns>
    internal bool Take(int first, ReadOnlySpan<float> parameters)
    {
        var values = Values.AsSpan(first, parameters.Length);
        if (_rate < 1)
            return FusedPass.Run(new Kernel(new((float)_rate)), values, parameters, default, default);
        parameters.CopyTo(values);
        return true;
    }

    /// <summary>The share of the parameters in the average, at the n-th update that it takes, from 1.</summary>
    private double Rate(long n)
    {
        if (n == 1)
            return 1;
        if (_train.Ema is not { } ema)
            return 1.0 / (n - 1); // torch.optim.ASGD takes the second iterate in the place of the first one.
        return 1 - (ema.Warmup ? Math.Min(ema.Decay, n / (9.0 + n)) : ema.Decay);
    }

    private readonly record struct Kernel(Vector<float> Rate) : IUpdateKernel
    {
        public void Update(ref Vector<float> average, Vector<float> parameter, ref Vector<float> unused, ref Vector<float> other) =>
            average += (parameter - average) * Rate;
    }
}

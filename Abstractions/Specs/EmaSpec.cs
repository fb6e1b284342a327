namespace Orleans.Tbptt.Specs;

/// <summary>
/// An exponential moving average of the parameters: after the first update the parameters themselves, after each other one
/// a ← a + (1 − decay) · (p − a), as <c>torch.optim.swa_utils.AveragedModel</c> with <c>get_ema_multi_avg_fn</c>.
/// </summary>
public sealed record EmaSpec
{
    /// <summary>The share of the former average that is kept. Default 0.999.</summary>
    public double Decay { get; init; } = 0.999;

    /// <summary>
    /// Whether the decay is at most (1 + n) / (10 + n) after n updates, as <c>tf.train.ExponentialMovingAverage</c> has it with
    /// <c>num_updates</c>, so that the first parameters are soon forgotten. Default false.
    /// </summary>
    public bool Warmup { get; init; }
}

/// <summary>Which parameters a run leaves as its model.</summary>
public enum OutputKind
{
    /// <summary>Those after the last step.</summary>
    Last,

    /// <summary>Those of the epoch's end with the lowest validation loss.</summary>
    Best,

    /// <summary>Their exponential moving average after the last step.</summary>
    Ema,
}

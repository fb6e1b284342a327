namespace Orleans.Tbptt.Specs;

/// <summary>The loss, a mean over every element (time step × output) that has a target.</summary>
[GenerateSerializer]
public enum LossKind
{
    /// <summary>Squared error, mean over time steps and outputs.</summary>
    Mse,

    /// <summary>Cross-entropy in nats of the softmax over the outputs, mean over time steps.</summary>
    CrossEntropy,
}

/// <summary>What parameters and gradients are rounded to where they pass between coordinator and trainers, wherever those live.</summary>
[GenerateSerializer]
public enum WireKind
{
    /// <summary>float32, which they are: nothing is rounded.</summary>
    Full,

    /// <summary>
    /// bfloat16, half the bytes: parameters are rounded to the nearest, gradients by stochastic rounding. The state stays float32.
    /// </summary>
    Bfloat16,
}

/// <summary>How the network is trained.</summary>
[GenerateSerializer, Immutable, Alias("tbptt.TrainSpec")]
public sealed record TrainSpec
{
    /// <summary>Trainers, each with a contiguous share of the lanes; at most as many as lanes. Default 1.</summary>
    [Id(0)] public int Trainers { get; init; } = 1;

    /// <summary>Passes over the training sequences.</summary>
    [Id(1)] public required int Epochs { get; init; }

    /// <summary>What is minimised.</summary>
    [Id(2)] public required LossKind Loss { get; init; }

    /// <summary>What turns a gradient into an update.</summary>
    [Id(3)] public required OptimizerSpec Optimizer { get; init; }

    /// <summary>The averaged gradient is scaled down to this global norm when it is longer; null for no clipping.</summary>
    [Id(4)] public double? ClipNorm { get; init; }

    /// <summary>How often trainers exchange what they have learned. Default: at every step.</summary>
    [Id(5)] public SyncSpec Sync { get; init; } = new();

    /// <summary>Whether trainers make rounds of steps by themselves: <see cref="SyncMode.Local"/>.</summary>
    public bool IsLocal => Sync.Mode == SyncMode.Local;

    /// <summary>What parameters and gradients are rounded to on their way. Default <see cref="WireKind.Full"/>.</summary>
    [Id(6)] public WireKind Wire { get; init; } = WireKind.Full;

    /// <summary>Whether parameters and gradients are rounded, to what half the bytes hold.</summary>
    public bool IsNarrow => Wire != WireKind.Full;
}

/// <summary>The update rules, each with the meaning and the defaults of its namesake in <c>torch.optim</c>.</summary>
[GenerateSerializer]
public enum OptimizerKind
{
    /// <summary>Stochastic gradient descent, optionally with momentum.</summary>
    Sgd,

    /// <summary>Adam (Kingma and Ba, 2015).</summary>
    Adam,

    /// <summary>Adam with decoupled weight decay (Loshchilov and Hutter, 2019).</summary>
    AdamW,

    /// <summary>RMSprop (Hinton's lecture 6e), not centred.</summary>
    RmsProp,
}

/// <summary>An update rule and its hyperparameters. Members that a rule does not have keep their defaults and are refused in a spec.</summary>
[GenerateSerializer, Immutable, Alias("tbptt.OptimizerSpec")]
public sealed record OptimizerSpec
{
    /// <summary>The rule.</summary>
    [Id(0)] public required OptimizerKind Name { get; init; }

    /// <summary>The learning rate.</summary>
    [Id(1)] public required double Lr { get; init; }

    /// <summary>sgd: share of the former update that is kept. Default 0.</summary>
    [Id(2)] public double Momentum { get; init; }

    /// <summary>adam, adamw: decay of the running mean of gradients. Default 0.9.</summary>
    [Id(3)] public double Beta1 { get; init; } = 0.9;

    /// <summary>adam, adamw: decay of the running mean of squared gradients. Default 0.999.</summary>
    [Id(4)] public double Beta2 { get; init; } = 0.999;

    /// <summary>adam, adamw, rmsprop: added to the denominator. Default 1e-8.</summary>
    [Id(5)] public double Eps { get; init; } = 1e-8;

    /// <summary>adamw: decoupled weight decay. Default 0.01.</summary>
    [Id(6)] public double WeightDecay { get; init; } = 0.01;

    /// <summary>rmsprop: decay of the running mean of squared gradients. Default 0.99.</summary>
    [Id(7)] public double Alpha { get; init; } = 0.99;

    /// <summary>How many running averages the rule keeps of each parameter.</summary>
    public int RunningAverages => Name switch
    {
        OptimizerKind.Adam or OptimizerKind.AdamW => 2,
        OptimizerKind.RmsProp => 1,
        _ => Momentum > 0 ? 1 : 0,
    };
}

namespace Orleans.Tbptt.Specs;

/// <summary>When the trainers' parameters are made equal.</summary>
public enum SyncMode
{
    /// <summary>At every step: the trainers' gradients are averaged and one optimizer makes one update of the run's parameters.</summary>
    Every,

    /// <summary>
    /// After a round of steps that each trainer makes by itself, with its own parameters and optimizer: then the differences of their
    /// parameters are averaged (DiLoCo; Douillard et al., 2023, arXiv:2311.08105).
    /// </summary>
    Local,
}

/// <summary>How often trainers exchange what they have learned.</summary>
public sealed record SyncSpec
{
    /// <summary>When the trainers' parameters are made equal. Default: at every step.</summary>
    public SyncMode Mode { get; init; } = SyncMode.Every;

    /// <summary>Whether trainers make rounds of steps by themselves.</summary>
    public bool IsLocal => Mode switch
    {
        SyncMode.Every => false,
        SyncMode.Local => true,
        var other => throw new InvalidOperationException($"mode {other} says nothing about rounds"),
    };

    /// <summary>Steps of a round, H; 1 for mode <see cref="SyncMode.Every"/>. The last round of an epoch ends with the epoch.</summary>
    public int Chunks { get; init; } = 1;

    /// <summary>local: what turns the averaged difference of a round into an update; null for mode <see cref="SyncMode.Every"/>.</summary>
    public OuterOptimizerSpec? Outer { get; init; }

    /// <summary>The steps of the round that begins at a chunk of an epoch: no round crosses the epoch's end.</summary>
    /// <param name="chunk">The chunk, from 0.</param>
    /// <param name="chunks">Chunks of the epoch.</param>
    public int RoundAt(long chunk, long chunks) => (int)Math.Min(Chunks, chunks - chunk);
}

/// <summary>The update rules that a round can end with.</summary>
public enum OuterOptimizerKind
{
    /// <summary>Nesterov's momentum, as <c>torch.optim.SGD(nesterov=True)</c> writes it.</summary>
    Nesterov,
}

/// <summary>The outer optimizer: once a round it takes the averaged difference of the trainers' parameters as its gradient.</summary>
public sealed record OuterOptimizerSpec
{
    /// <summary>The rule.</summary>
    public OuterOptimizerKind Name { get; init; } = OuterOptimizerKind.Nesterov;

    /// <summary>The learning rate; 1 takes over the mean of the trainers' parameters. Default 0.7.</summary>
    public double Lr { get; init; } = 0.7;

    /// <summary>Share of the former update that is kept. Default 0.9.</summary>
    public double Momentum { get; init; } = 0.9;
}

using Orleans.Tbptt.Data.Synthetic;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Optimizers;

namespace Orleans.Tbptt.Benchmarks.Compare;

/// <summary>A network and a batch that every contestant trains on.</summary>
/// <param name="Name">The name in tables.</param>
/// <param name="Lanes">Lanes of the batch.</param>
/// <param name="Steps">Time steps of a chunk.</param>
/// <param name="Inputs">Features of a time step; the target is half as wide.</param>
/// <param name="Hidden">Units of the one LSTM layer.</param>
internal sealed record CompareCase(string Name, int Lanes, int Steps, int Inputs, int Hidden)
{
    private const int Chunks = 10;

    /// <summary>The average example, and three larger networks.</summary>
    public static IReadOnlyList<CompareCase> All { get; } =
    [
        new("average", 10, 10, 10, 20), new("hidden 128", 32, 35, 128, 128), new("hidden 512", 32, 35, 512, 512),
        new("hidden 1024", 32, 35, 1024, 1024),
    ];

    /// <summary>
    /// Floating-point operations of a chunk-step's matrix products: forward those of input, hidden state and head; backward the gradients
    /// of both factors of each, except that of the inputs, which is not needed.
    /// </summary>
    public double Flops => 2.0 * Lanes * Steps * (4.0 * Hidden * (2 * Inputs + 3 * Hidden) + 3.0 * Hidden * (Inputs / 2));

    /// <summary>A contestant's speed in GFLOP/s.</summary>
    public double Gigaflops(Standing standing) => Flops / standing.Microseconds / 1e3;

    /// <summary>The run's spec; sequences last for ten chunks.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="trainers">Trainers.</param>
    /// <param name="epochs">Epochs of <see cref="StepsPerEpoch"/> steps.</param>
    public RunSpec Spec(Engine engine, int trainers = 1, int epochs = 1) => new()
    {
        Name = "compare",
        Engine = engine,
        Model = new() { Cell = new LstmCell(), InputSize = Inputs, HiddenSize = Hidden, OutputSize = Inputs / 2 },
        Data = new() { Source = new AverageSource { Sequences = Lanes * (StepsPerEpoch / Chunks), SequenceLength = Steps * Chunks },
            BatchSize = Lanes },
        Tbptt = new() { ChunkCount = Chunks },
        Train = new() { Trainers = trainers, Epochs = epochs, Loss = new SquaredError(), Optimizer = new Adam { Lr = 1e-3 } },
    };

    /// <summary>Steps of an epoch: enough to make its start and end negligible.</summary>
    public int StepsPerEpoch => Hidden < 100 ? 300 : 20;
}

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
/// <param name="Inputs">Features of a time step, or the length of a word's vector.</param>
/// <param name="Hidden">Units of each layer.</param>
internal sealed record CompareCase(string Name, int Lanes, int Steps, int Inputs, int Hidden)
{
    /// <summary>Chunks of a sequence.</summary>
    public const int Chunks = 10;

    /// <summary>The cell. Default LSTM.</summary>
    public RecurrentCell Cell { get; init; } = new LstmCell();

    /// <summary>Layers. Default 1.</summary>
    public int Layers { get; init; } = 1;

    /// <summary>Values of a target. Default half as many as inputs.</summary>
    public int Outputs { get; init; } = Inputs / 2;

    /// <summary>Different words, of which an input is one and the target the next one; 0 for values. Default 0.</summary>
    public int Words { get; init; }

    /// <summary>The average example, an audio model, other small and odd shapes, a word model, and larger networks.</summary>
    public static IReadOnlyList<CompareCase> All { get; } =
    [
        new("average", 10, 10, 10, 20), new("16 units, one lane", 1, 2048, 1, 16) { Outputs = 1 },
        new("40 units, 8 lanes", 8, 512, 1, 40) { Outputs = 1 }, new("GRU 256", 32, 35, 256, 256) { Cell = new GruCell() },
        new("2 layers of 256", 64, 100, 256, 256) { Layers = 2 }, new("300 units, 10,000 words", 20, 35, 300, 300) { Words = 10_000 },
        new("hidden 128", 32, 35, 128, 128), new("hidden 512", 32, 35, 512, 512), new("hidden 1024", 32, 35, 1024, 1024),
    ];

    /// <summary>What a table says of its sizes.</summary>
    public string Sizes =>
        $"{Lanes} {(Lanes == 1 ? "lane" : "lanes")}, {Steps} time steps, {Inputs} {(Inputs == 1 ? "input" : "inputs")}";

    /// <summary>
    /// Floating-point operations of a chunk-step's matrix products: forward those of input, hidden state and head; backward the gradients
    /// of both factors of each, except that of the inputs, which is not needed. Those over the vectors of words are left out: how many
    /// there are depends on how often a word recurs.
    /// </summary>
    public double Flops => 2.0 * Lanes * Steps * (
        (Cell.Gates * Hidden * ((Words > 0 ? 0 : 2.0 * Inputs) + ((Layers - 1) * 3.0 * Hidden) + (Layers * 3.0 * Hidden)))
        + (3.0 * Hidden * (Words > 0 ? Words : Outputs)));

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
        Model = new()
        {
            Cell = Cell, InputSize = Inputs, HiddenSize = Hidden, Layers = Layers, OutputSize = Words > 0 ? Words : Outputs,
            Embedding = Words > 0 ? new() { Vocabulary = Words, Size = Inputs } : null,
        },
        Data = new() { Source = new AverageSource { Sequences = Lanes * (StepsPerEpoch / Chunks), SequenceLength = Steps * Chunks },
            BatchSize = Lanes },
        Tbptt = new() { ChunkLength = Steps },
        Train = new()
        {
            Trainers = trainers, Epochs = epochs, Loss = Words > 0 ? new CrossEntropy() : new SquaredError(),
            Optimizer = new Adam { Lr = 1e-3 },
        },
    };

    /// <summary>Steps of an epoch: enough to make its start and end negligible.</summary>
    public int StepsPerEpoch => Hidden < 100 ? 300 : 20;
}

using Orleans.Tbptt.Data.Synthetic;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Writing;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Optimizers;

namespace Orleans.Tbptt.Tests.Support;

/// <summary>Small specs that train in a moment.</summary>
internal static class TestSpecs
{
    /// <summary>The spec as a client submits it.</summary>
    public static SpecText Written(this RunSpec spec) => new(SpecWriter.ToYaml(spec), "spec.yaml", "/");

    /// <summary>The same data with another source, of the same kind.</summary>
    public static DataSpec From<T>(this DataSpec data, Func<T, T> change) where T : SourceSpec =>
        data with { Source = change((T)data.Source) };

    /// <summary>
    /// The average task, all sizes given. Without speculation: how long a loaded machine takes must not decide where trainers live.
    /// </summary>
    public static RunSpec Average(int trainers = 2, int layers = 1, double dropout = 0, int epochs = 2, double validationFraction = 0) =>
        new()
    {
        Name = "average",
        Engine = new AutoEngine(),
        Seed = 3,
        Speculate = SpeculationKind.Off,
        Model = new() { Cell = new LstmCell(), InputSize = 6, HiddenSize = 12, Layers = layers, OutputSize = 3, Dropout = dropout },
        Data = new()
        {
            Source = new AverageSource { Sequences = 18, SequenceLength = 25 }, BatchSize = 6, ValidationFraction = validationFraction
        },
        Tbptt = new() { ChunkLength = 10 },
        Train = new()
        {
            Trainers = trainers, Epochs = epochs, Loss = new SquaredError(), ClipNorm = 0.5, Optimizer = new Adam { Lr = 1e-2 },
        },
    };

    /// <summary>The same, in rounds of local steps.</summary>
    /// <param name="spec">What to train.</param>
    /// <param name="chunks">Steps of a round.</param>
    /// <param name="lr">The outer learning rate.</param>
    /// <param name="momentum">The outer momentum.</param>
    public static RunSpec InRounds(this RunSpec spec, int chunks, double lr = 0.7, double momentum = 0.9) => spec with
    {
        Train = spec.Train with { Sync = new() { Mode = SyncMode.Local, Chunks = chunks, Outer = new() { Lr = lr, Momentum = momentum } } },
    };
}

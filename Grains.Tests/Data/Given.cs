using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Bytes;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Npy;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Data.Synthetic;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Optimizers;

namespace Orleans.Tbptt.Tests.Data;

/// <summary>Specs to test with, and short ways to read what they open.</summary>
internal static class Given
{
    public static RunSpec Spec(DataSpec data, ModelSpec? model = null, LossSpec? loss = null, long seed = 1) => new()
    {
        Name = "test",
        Engine = new AutoEngine(),
        Seed = seed,
        Model = model ?? new() { Cell = new LstmCell(), HiddenSize = 4 },
        Data = data,
        Tbptt = new() { ChunkLength = 10 },
        Train = new() { Epochs = 1, Loss = loss ?? new SquaredError(), Optimizer = new Adam { Lr = 1e-3 } },
    };

    public static DataSpec Csv(string path, int lanes = 1, double fraction = 0, bool standardize = false) => new()
    {
        Source = new CsvSource { Path = path, Standardize = standardize }, BatchSize = lanes, ValidationFraction = fraction
    };

    public static DataSpec Npy(params string[] paths) => new() { Source = new NpySource { Files = paths }, BatchSize = 2 };

    /// <summary>The same arrays, whose first axis is said to be sequences or a stream.</summary>
    public static DataSpec As(this DataSpec data, ArrayLayout layout) => data.Of(source => source with { Layout = layout });

    /// <summary>The same arrays with another source.</summary>
    public static DataSpec Of(this DataSpec data, Func<ArraySource, ArraySource> change) =>
        data with { Source = change((ArraySource)data.Source) };

    /// <summary>A model of tokens.</summary>
    public static ModelSpec Embedding { get; } = new() { Cell = new LstmCell(), HiddenSize = 4, Embedding = new() { Size = 3 } };

    public static DataSpec Bytes(string glob, int lanes = 1, double fraction = 0) => new()
    {
        Source = new ByteSource { Glob = glob }, BatchSize = lanes, ValidationFraction = fraction
    };

    public static DataSpec Synthetic(string word, int sequences = 300, int length = 100, double fraction = 0) => new()
    {
        Source = DataSources.All.OfType<SyntheticSource>()
            .Single(source => source.Word == word) with { Sequences = sequences, SequenceLength = length },
        BatchSize = 10,
        ValidationFraction = fraction,
    };

    public static IDataSource Open(DataSpec data, ModelSpec? model = null, long seed = 1, LossSpec? loss = null) =>
        DataSources.Open(Spec(data, model, loss, seed), new(DataRoots.Anywhere));

    public static IReadOnlyList<SpecProblem> Problems(DataSpec data, ModelSpec? model = null, LossSpec? loss = null) =>
        Assert.Throws<SpecException>(() => Open(data, model, loss: loss).Dispose()).Problems;

    /// <summary>The one problem there should be, as a person sees it.</summary>
    public static string Problem(DataSpec data, ModelSpec? model = null, LossSpec? loss = null) =>
        Assert.Single(Problems(data, model, loss)).ToString();

    public static float[] Inputs(this ISequenceSet set, int sequence, int width = 1)
    {
        var values = new float[set.Length(sequence) * width];
        set.ReadInputs(new(sequence, 0, set.Length(sequence)), values);
        return values;
    }

    public static float[] Targets(this ISequenceSet set, int sequence, int width = 1)
    {
        var values = new float[set.Length(sequence) * width];
        set.ReadTargets(new(sequence, 0, set.Length(sequence)), values);
        return values;
    }

    public static long[] Tokens(this ISequenceSet set, int sequence)
    {
        var values = new long[set.Length(sequence)];
        set.ReadInputs(new(sequence, 0, values.Length), values);
        return values;
    }

    public static long[] Classes(this ISequenceSet set, int sequence)
    {
        var values = new long[set.Length(sequence)];
        set.ReadTargets(new(sequence, 0, values.Length), values);
        return values;
    }
}

using Orleans.Tbptt.Data;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Tests.Training.Reference;

/// <summary>
/// Which network, which data, whether units are dropped between its layers, whether targets are masked, and how many columns of classes
/// there are next to the values; the loss, where it is not the first of its kind; and whether the initial state is learned.
/// </summary>
public sealed record NetworkKind(
    string Cell, int Layers, bool Tokens, bool Classes, double Dropout, bool IsMasked = false, int Columns = 0, int Values = 3,
    string? Loss = null, bool LearnsStart = false);

/// <summary>One chunk of lanes of unequal lengths, one of them idle, ready for a replica and for the reference network.</summary>
internal sealed class ReferenceCase
{
    public const int Units = 5;

    /// <summary>Losses by a name for tests.</summary>
    public static IReadOnlyDictionary<string, LossSpec> Losses { get; } = new Dictionary<string, LossSpec>
    {
        ["mae"] = new AbsoluteError(), ["huber"] = new Huber(), ["huber, 0.25"] = new Huber { Delta = 0.25 },
        ["smoothed"] = new CrossEntropy { LabelSmoothing = 0.2 }, ["quantile"] = new Quantile(),
        ["gaussian"] = new Gaussian { LeastDeviation = 0.5 }, ["student_t"] = new StudentT { LeastDeviation = 0.5 },
        ["negative_binomial"] = new NegativeBinomial(), ["binary_cross_entropy"] = new BinaryCrossEntropy(), ["esr"] = new ErrorToSignal(),
        ["weighted"] = new CrossEntropy { LabelSmoothing = 0.1, ClassWeights = new([0.3, 1.7, 0, 1.1]), IgnoredClass = 3 },
    };

    private readonly ChunkPlan _plan;
    private readonly FormulaSequences _sequences;
    private readonly ReferenceNetwork _network;
    private readonly Dictionary<(long Chunk, bool Dropout), ReferenceLane[]> _lanes = [];

    public ReferenceCase(
        NetworkKind kind, int[] lengths, int lanes, int chunkLength, Func<ModelSpec, ModelSpec>? change = null)
    {
        CategoryShape[] columns = [.. Enumerable.Range(0, kind.Columns).Select(i => new CategoryShape($"column {i}", 4 + i))];
        Shape = new(kind.Tokens ? 0 : kind.Values, kind.Tokens ? 6 : 0, kind.Classes ? 0 : 2, kind.Classes ? 4 : 0)
        {
            IsMasked = kind.IsMasked, Categories = columns,
        };
        Model = new()
        {
            Cell = TestChoices.Cell(kind.Cell),
            Layers = kind.Layers,
            HiddenSize = Units,
            InputSize = kind.Tokens ? 3 : Shape.InputFeatures + columns.Select((_, i) => 2 + i).Sum(),
            Embeddings = new([.. columns.Select((column, i) => KeyValuePair.Create(column.Name, 2 + i))]),
            Classes = new([.. columns.Select(column => KeyValuePair.Create(column.Name, column.Classes))]),
            OutputSize = kind.Classes ? Shape.Classes : Shape.TargetFeatures * (kind.Loss is { } own ? Losses[own].OutputsPerTarget : 1),
            Embedding = kind.Tokens ? new() { Vocabulary = Shape.Vocabulary, Size = 3 } : null,
            Dropout = kind.Dropout,
            LearnInitialState = kind.LearnsStart,
        };
        Model = change?.Invoke(Model) ?? Model;
        Loss = kind.Loss is { } loss ? Losses[loss] : kind.Classes ? new CrossEntropy() : new SquaredError();
        Layout = ParameterLayout.Of(Model);
        Block = new(0, lanes);
        var draws = new Draws(61);

        // Without a limit, values grow: the tolerances are of numbers near 1.
        Parameters = draws.Floats(Layout.Length, Model.Cell is RnnCell { Nonlinearity: Nonlinearity.Relu } ? 0.4 : 0.8);
        HiddenBefore = draws.Floats(lanes * Layout.HiddenPerLane, 0.9);
        for (int i = 0; i < HiddenBefore.Length && Model.Cell is SlstmCell; i++)
        {
            // A normaliser is 1 at least.
            if (i / (Model.Layers * Units) % Model.Cell.States == 2)
                HiddenBefore[i] = 1 + Math.Abs(HiddenBefore[i]);
        }

        _sequences = new(Shape, lengths, 7) { AreCounts = Loss is NegativeBinomial };
        _plan = ChunkPlan.Create(_sequences, lanes, ChunkSplit.OfLength(chunkLength));
        _network = new(Model, Loss);
    }

    public ISequenceSet Sequences => _sequences;

    public ChunkPlan Plan => _plan;

    public DataShape Shape { get; }

    public ModelSpec Model { get; }

    public LossSpec Loss { get; }

    public ParameterLayout Layout { get; }

    public LaneBlock Block { get; }

    public float[] Parameters { get; }

    /// <summary>Arbitrary numbers: as carried from a chunk before.</summary>
    public float[] HiddenBefore { get; }

    /// <summary><see cref="HiddenBefore"/>, and the learned state where a sequence starts.</summary>
    public float[] Before(long chunk)
    {
        float[] before = [.. HiddenBefore];
        for (int lane = 0; Layout.InitialState is { } first && lane < Block.Count; lane++)
        {
            if (Plan[chunk, lane].StartsSequence)
                Parameters.AsSpan(first, Layout.HiddenPerLane).CopyTo(before.AsSpan(lane * Layout.HiddenPerLane));
        }

        return before;
    }

    public DropoutMasks Dropout(long chunk) => new(3, chunk, Block.First, Model.Dropout);

    public ChunkBatch Batch(long chunk)
    {
        var batch = new ChunkBatch(Shape);
        batch.Load(_sequences, _plan, chunk, Block);
        return batch;
    }

    /// <summary>
    /// The reference's loss sum over all lanes of a chunk; the hidden state of each lane advances in place, that of an idle one is zeroed.
    /// Where a sequence starts with a learned state, it is that of the parameters.
    /// </summary>
    public double Reference(double[] parameters, long chunk, double[] hidden, bool dropout)
    {
        if (!_lanes.TryGetValue((chunk, dropout), out var lanes))
            _lanes[(chunk, dropout)] = lanes = Lanes(chunk, dropout);
        int perLane = Layout.HiddenPerLane;
        double sum = 0;
        for (int lane = 0; lane < lanes.Length; lane++)
        {
            double[] state = lanes[lane].Inputs.Length == 0 ? new double[perLane]
                : Layout.InitialState is { } first && Plan[chunk, lane].StartsSequence ? parameters[first..(first + perLane)]
                : hidden[(lane * perLane)..((lane + 1) * perLane)];
            sum += _network.Run(parameters, lanes[lane], state);
            state.CopyTo(hidden, lane * perLane);
        }

        return sum;
    }

    private ReferenceLane[] Lanes(long chunk, bool dropout)
    {
        var masks = Enumerable.Range(0, Model.Layers)
            .Select(layer => BatchRows.Masks(_plan, Batch(chunk), Block, Dropout(chunk), chunk, layer, Model.LayerOutputs)).ToArray();
        return [.. BatchRows.Chunks(_plan, chunk, Block)
            .Select((work, lane) => Lane(work, (layer, t) => dropout ? masks[layer][(lane, t)] : null))];
    }

    private ReferenceLane Lane(LaneChunk chunk, Func<int, int, float[]?> mask)
    {
        int[] times = [.. Enumerable.Range(chunk.Start, chunk.Length)];
        double[] Values(int time, int width, Func<int, int, int, float> value) =>
            [.. Enumerable.Range(0, width).Select(feature => (double)value(chunk.Sequence, time, feature))];
        return new(
            [.. times.Select(t => Values(t, Shape.InputFeatures, _sequences.Input))],
            [.. times.Select(t => Enumerable.Range(0, Shape.Codes).Select(column => (int)_sequences.Token(chunk.Sequence, t, column))
                .ToArray())],
            [.. times.Select(t => Shape.HasClasses ? [_sequences.Class(chunk.Sequence, t)]
                : Values(t, Shape.TargetFeatures, _sequences.Target))],
            mask);
    }
}

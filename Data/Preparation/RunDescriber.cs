using Orleans.Tbptt.Data.Extending;
using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Descriptions;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Preparation;

/// <summary>Describes what a run reads: what its source says, and what follows from the sequences and the spec.</summary>
internal static class RunDescriber
{
    // Gates, cell state, hidden state and their gradients: what a cell keeps of a unit and time step for the backward pass, at most.
    private const int ValuesPerUnit = 12;

    /// <summary>The description. Looks at the length of every sequence, and at no value but masked targets that are held out.</summary>
    /// <param name="spec">The spec, resolved.</param>
    /// <param name="data">Its data.</param>
    public static DataDescription Of(RunSpec spec, IDataSource data)
    {
        SourceDescription contents = data.Description;
        return new()
        {
            Source = spec.Data.Source.Word,
            Paths = spec.Data.Source.Paths,
            InputFeatures = data.Shape.InputFeatures + data.Shape.Categories.Count,
            Vocabulary = data.Shape.Vocabulary,
            TargetFeatures = data.Shape.TargetFeatures,
            Classes = data.Shape.Classes,
            Training = Part(data.Training, contents.Training) with { Before = (data as GrownData)?.Before },
            Validation = data.Validation is { } held ? HeldOut(held, data.Shape, contents.Validation) : null,
            Test = data.Test is { } tested ? HeldOut(tested, data.Shape, contents.Test) : null,
            Lanes = Lanes(spec, data),
            Memory = Memory(spec, data),
            Contents = contents,
            Followed = (data as GrownData)?.Followed,
        };
    }

    private static PartDescription HeldOut(ISequenceSet sequences, DataShape shape, Border? border)
    {
        PartDescription part = Part(sequences, border);
        return part with { Elements = shape.IsMasked ? Unmasked(sequences, shape) : part.Steps * Math.Max(1, shape.TargetFeatures) };
    }

    /// <summary>The elements of masked targets: found out by reading them.</summary>
    private static long Unmasked(ISequenceSet sequences, DataShape shape)
    {
        long elements = 0;
        if (!shape.HasClasses)
        {
            TargetBlocks.Read(sequences, shape.TargetFeatures, (_, targets) =>
            {
                foreach (float target in targets)
                    elements += float.IsNaN(target) ? 0 : 1;
            });
            return elements;
        }

        const int Block = 1 << 12;
        var classes = new long[Block];
        for (int sequence = 0; sequence < sequences.Count; sequence++)
        {
            for (int start = 0, length = sequences.Length(sequence); start < length; start += Block)
            {
                Span<long> targets = classes.AsSpan(0, Math.Min(Block, length - start));
                sequences.ReadTargets(new(sequence, start, targets.Length), targets);
                elements += targets.Length - targets.Count(DataShape.MaskedClass);
            }
        }

        return elements;
    }

    private static PartDescription Part(ISequenceSet sequences, Border? border)
    {
        (long steps, int shortest, int longest) = (0, int.MaxValue, 0);
        for (int i = 0; i < sequences.Count; i++)
        {
            int length = sequences.Length(i);
            steps += length;
            (shortest, longest) = (Math.Min(shortest, length), Math.Max(longest, length));
        }

        return new(sequences.Count, steps, shortest, longest, border);
    }

    private static LaneDescription Lanes(RunSpec spec, IDataSource data)
    {
        ChunkSplit split = ChunkSplit.Of(spec.Tbptt);
        long steps = new EpochPlans(spec, data).Training(0).Steps, chunks = 0;
        for (int i = 0; i < data.Training.Count; i++)
            chunks += split.Chunks(data.Training.Length(i));
        return new(spec.Data.BatchSize, steps, steps == 0 ? 0 : 1 - ((double)chunks / ((double)steps * spec.Data.BatchSize)));
    }

    private static MemoryDescription Memory(RunSpec spec, IDataSource data)
    {
        ParameterLayout layout = ParameterLayout.Of(spec.Model);
        (long lanes, long trainers, long averages) = (spec.Data.BatchSize, spec.Train.Trainers, spec.Train.Optimizer.RunningAverages);
        long shards = spec.Train.ShardCount, most = (shards + trainers - 1) / trainers;
        long recipe = (spec.Train.KeepsAverage ? 1 : 0) + (spec.Train.Accumulate > 1 ? 1 : 0);
        long saved = (layout.Length * (1 + averages + recipe)) + (lanes * LaneState.PerLane(spec));
        long inner = spec.Train.IsLocal ? shards * averages * layout.Length : 0;
        long share = LaneLimits.LargestShare(spec);
        long perStep = spec.Model.InputSize!.Value + ((long)spec.Model.Layers * spec.Model.LayerOutputs * ValuesPerUnit)
            + (3L * spec.Model.OutputSize!.Value);
        long chunk = (share * LaneLimits.LongestChunk(spec, data) * perStep) + (Pieces(spec, data) * share * layout.HiddenPerLane);
        return new(sizeof(float) * ((2 * (saved + inner)) + layout.Length), sizeof(float) * (((1 + most) * layout.Length) + chunk));
    }

    /// <summary>The pieces of a step, at whose starts the hidden state is kept.</summary>
    private static long Pieces(RunSpec spec, IDataSource data) => spec.WorksByPieces
        ? Enumerable.Range(0, data.Training.Count).Max(data.Training.Length) / spec.Tbptt.ChunkLength!.Value : 0;
}

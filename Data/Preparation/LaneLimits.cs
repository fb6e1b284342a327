using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Preparation;

/// <summary>Refuses more lanes than there are sequences or memory for, before anything is allocated per lane.</summary>
internal static class LaneLimits
{
    /// <summary>Values of one buffer: 2 GB of float32, because its bytes are counted with an int.</summary>
    private const int MostValues = int.MaxValue / sizeof(float);

    /// <summary>Refuses more lanes than independent training sequences.</summary>
    public static void CheckSequences(RunSpec spec, IDataSource data, ProblemList problems)
    {
        (int lanes, int sequences) = (spec.Data.BatchSize, data.Training.Count);
        if (lanes > sequences)
        {
            problems.Add(
                DataKeys.BatchSize, $"{lanes}", $"at most {sequences}, the number of training sequences",
                "lower it, or add sequences: a lane without one is idle");
        }
    }

    /// <summary>Refuses a burn-in that leaves no time step of any sequence to train on.</summary>
    public static void CheckBurnIn(RunSpec spec, IDataSource data, ProblemList problems)
    {
        int longest = Longest(data.Training, ChunkSplit.OfCount(1));
        if (spec.Tbptt.BurnIn >= longest && !data.Training.Continues(0))
        {
            problems.Add(
                DataKeys.BurnIn, $"{spec.Tbptt.BurnIn}, with sequences of {longest} time steps at most", $"less than {longest}",
                "lower it, or nothing is left to train on");
        }
    }

    /// <summary>Refuses a hidden state of all lanes, or a trainer's buffer of one chunk, that exceeds the buffer limit.</summary>
    /// <param name="spec">The spec, resolved.</param>
    /// <param name="data">Its data.</param>
    /// <param name="problems">Collects the problems.</param>
    public static void CheckBuffers(RunSpec spec, IDataSource data, ProblemList problems)
    {
        int lanes = spec.Data.BatchSize;
        int perLane = LaneState.PerLane(spec);
        if ((long)lanes * perLane > MostValues)
        {
            problems.Add(
                DataKeys.BatchSize, $"{lanes}, with a hidden state of {perLane} values per lane",
                $"at most {MostValues / perLane}, because the hidden state of all lanes has at most {MostValues} values",
                "lower it, hiddenSize or layers");
        }

        // [lanes of the largest trainer, longest chunk, widest of what a time step has]
        long share = LargestShare(spec);
        int steps = LongestChunk(spec, data);
        int width = Widest(spec.Model, data.Shape);
        if ((Int128)share * steps * width > MostValues)
        {
            bool isWhole = spec.TakesWholeSequences || (spec.Tbptt.Backprop.IsFull && !spec.WorksByPieces);
            bool byLength = spec.Tbptt.ChunkLength is not null;
            problems.Add(
                isWhole ? DataKeys.Backprop : byLength ? DataKeys.ChunkLength : DataKeys.ChunkCount,
                $"chunks of {share} lanes × {steps} time steps × {width} values per trainer", $"at most {MostValues} values",
                $"{(spec.TakesWholeSequences ? "cut the sequences"
                    : isWhole ? "write engine: fused, which works piece by piece" : byLength ? "lower it" : "raise it")}, lower "
                    + "data.batchSize or the model's sizes, or use more trainers");
        }
    }

    /// <summary>
    /// Refuses a run with too large a message. At every step, parameters and gradients of any size pass, in buckets; the hidden
    /// state of all lanes must pass in one message, because all trainers may be on one silo and the coordinator on another. With local
    /// steps, it is a trainer's difference of its parameters with its optimizer state and the hidden state.
    /// </summary>
    /// <param name="spec">The spec, resolved.</param>
    /// <param name="problems">Collects the problems.</param>
    public static void CheckMessages(RunSpec spec, ProblemList problems)
    {
        ParameterLayout layout = ParameterLayout.Of(spec.Model);
        if (spec.Train.IsLocal)
            CheckRounds(spec, layout, problems);
        else if ((long)spec.Data.BatchSize * LaneState.PerLane(spec) is > MessageLimits.LargestHidden and var hidden)
        {
            problems.Add(
                DataKeys.BatchSize,
                $"{spec.Data.BatchSize}, with {hidden} values of hidden state in all lanes",
                $"at most {MessageLimits.LargestHidden} values together, the limit of one message",
                "lower it, hiddenSize or layers");
        }
    }

    /// <summary>Refuses a trainer that would have more gradients than an array holds, one of each of its shards.</summary>
    public static void CheckGradients(RunSpec spec, ProblemList problems)
    {
        long shards = ((long)spec.Train.ShardCount + spec.Train.FewestTrainers - 1) / spec.Train.FewestTrainers;
        long length = ParameterLayout.Of(spec.Model).Length;
        if (shards > 1 && shards * length > Array.MaxLength)
        {
            problems.Add(
                "train.trainers", $"{spec.Train.FewestTrainers}, with which a trainer has {shards} gradients of {length} numbers",
                $"at most {Array.MaxLength} numbers", "use more trainers");
        }
    }

    private static void CheckRounds(RunSpec spec, ParameterLayout layout, ProblemList problems)
    {
        long shards = ((long)spec.Train.ShardCount + spec.Train.FewestTrainers - 1) / spec.Train.FewestTrainers;
        long hidden = LargestShare(spec) * LaneState.PerLane(spec), difference = shards * layout.Length;
        long optimizer = spec.Train.Optimizer.RunningAverages * difference;
        if (difference + optimizer + hidden > MessageLimits.LargestBuffers)
        {
            problems.Add(
                DataKeys.BatchSize,
                $"{spec.Data.BatchSize}, with which a trainer returns {difference} values of differences, {optimizer} of optimizer " +
                $"state and {hidden} of hidden state",
                $"at most {MessageLimits.LargestBuffers} values together, the limit of one message",
                "use more trainers, or lower it, hiddenSize or layers");
        }
    }

    /// <summary>Time steps of the longest chunk, of all parts.</summary>
    public static int LongestChunk(RunSpec spec, IDataSource data)
    {
        (ChunkSplit split, ChunkSplit held) = (ChunkSplit.Of(spec.Tbptt), ChunkSplit.OfHeldOut(spec));
        int training = Longest(data.Training, split);
        if (spec.WorksByPieces)
            training = Math.Min(training, spec.Tbptt.ChunkLength!.Value);
        long most = spec.Tbptt.RandomLength?.Longest(spec.Tbptt.ChunkLength!.Value) ?? (long)training * spec.Tbptt.WindowChunks;
        training = (int)Math.Min(most, Longest(data.Training, ChunkSplit.OfCount(1)));
        return new[] { data.Validation, data.Test }.OfType<ISequenceSet>().Select(part => Longest(part, held)).Append(training).Max();
    }

    /// <summary>Lanes of the trainer that has the most while all trainers live: those of whole shards.</summary>
    public static long LargestShare(RunSpec spec)
    {
        LaneBlock[] shards = LaneBlock.Split(spec.Data.BatchSize, spec.Train.ShardCount);
        return ShardRange.Split(shards.Length, spec.Train.FewestTrainers).Max(range => range.Lanes(shards).Count);
    }

    // The first chunk of a sequence is never shorter than the others.
    private static int Longest(ISequenceSet sequences, ChunkSplit split)
    {
        int longest = 0;
        for (int i = 0; i < sequences.Count; i++)
            longest = Math.Max(longest, split.Chunk(sequences.Length(i), 0).Length);
        return longest;
    }

    // A token or class is a 64-bit integer: as wide as two values.
    private static int Widest(ModelSpec model, DataShape shape)
    {
        int whole = Math.Max(shape.Codes, shape.HasClasses ? 1 : 0);
        int data = Math.Max(Math.Max(shape.InputFeatures, shape.TargetFeatures), Math.Max(1, 2 * whole));
        return Math.Max(Math.Max(data, model.LayerOutputs), Math.Max(model.InputSize!.Value, model.OutputSize!.Value));
    }
}

using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Descriptions;
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
        int longest = Longest(data.Training);
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
    public static void CheckBuffers(RunSpec spec, IDataSource data, ProblemList problems) =>
        CheckBuffers(spec, LongestChunk(spec, data), Widest(spec.Model, data.Shape), problems);

    /// <summary>The same, where the data are not open.</summary>
    /// <param name="spec">The spec, resolved.</param>
    /// <param name="data">What they are.</param>
    /// <param name="problems">Collects the problems.</param>
    public static void CheckBuffers(RunSpec spec, DataDescription data, ProblemList problems)
    {
        int[] held = [.. new[] { data.Validation, data.Test }.OfType<PartDescription>().Select(part => part.Longest)];
        int whole = Math.Max(data.Vocabulary, data.Classes) > 0 ? 1 : 0;
        CheckBuffers(spec, LongestChunk(spec, data.Training.Longest, held),
            Widest(spec.Model, data.InputFeatures, data.TargetFeatures, whole), problems);
    }

    private static void CheckBuffers(RunSpec spec, int steps, int width, ProblemList problems)
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
    public static int LongestChunk(RunSpec spec, IDataSource data) => LongestChunk(
        spec, Longest(data.Training), new[] { data.Validation, data.Test }.OfType<ISequenceSet>().Select(Longest));

    /// <summary>The same of the time steps of each part's longest sequence, whose chunks are the longest ones.</summary>
    private static int LongestChunk(RunSpec spec, int longest, IEnumerable<int> heldOut)
    {
        (ChunkSplit split, ChunkSplit held) = (ChunkSplit.Of(spec.Tbptt), ChunkSplit.OfHeldOut(spec));
        int training = split.Chunk(longest, 0).Length;
        if (spec.WorksByPieces)
            training = Math.Min(training, spec.Tbptt.ChunkLength!.Value);
        long most = spec.Tbptt.RandomLength?.Longest(spec.Tbptt.ChunkLength!.Value) ?? (long)training * spec.Tbptt.WindowChunks;
        training = (int)Math.Min(most, longest);
        return heldOut.Select(part => held.Chunk(part, 0).Length).Append(training).Max();
    }

    /// <summary>Lanes of the trainer that has the most while all trainers live: those of whole shards.</summary>
    public static long LargestShare(RunSpec spec)
    {
        LaneBlock[] shards = LaneBlock.Split(spec.Data.BatchSize, spec.Train.ShardCount);
        return ShardRange.Split(shards.Length, spec.Train.FewestTrainers).Max(range => range.Lanes(shards).Count);
    }

    // The first chunk of a sequence is never shorter than the others, and none of a longer sequence is.
    private static int Longest(ISequenceSet sequences)
    {
        int longest = 0;
        for (int i = 0; i < sequences.Count; i++)
            longest = Math.Max(longest, sequences.Length(i));
        return longest;
    }

    // A token or class is a 64-bit integer: as wide as two values.
    private static int Widest(ModelSpec model, DataShape shape) =>
        Widest(model, shape.InputFeatures, shape.TargetFeatures, Math.Max(shape.Codes, shape.HasClasses ? 1 : 0));

    private static int Widest(ModelSpec model, int inputs, int targets, int whole)
    {
        int data = Math.Max(Math.Max(inputs, targets), Math.Max(1, 2 * whole));
        return Math.Max(Math.Max(data, model.LayerOutputs), Math.Max(model.InputSize!.Value, model.OutputSize!.Value));
    }
}

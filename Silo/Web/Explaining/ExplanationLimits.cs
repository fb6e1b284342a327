using System.Globalization;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Descriptions;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Silo.Web.Explaining;

/// <summary>What a silo explains at most, and what of a run is more: in words, or null where nothing is.</summary>
internal static class ExplanationLimits
{
    /// <summary>Bytes of data that are read for it at most: of the files, and of their values once they are decoded.</summary>
    public const long MostData = 256L << 20;

    /// <summary>Parameters of all shards at most: state, optimizer and gradients are a few times as many numbers.</summary>
    public const long MostParameters = 16L << 20;

    /// <summary>
    /// Parameters × time steps of all lanes of one chunk at most, because a chunk that has begun is completed, in training and where
    /// held-out sequences are evaluated.
    /// </summary>
    public const long MostWork = 2_000_000_000;

    /// <summary>Bytes at most that the network keeps of the time steps of all lanes of one chunk.</summary>
    public const long MostActivations = 512L << 20;

    // Gates, cell state, hidden state and their gradients: what a cell keeps of a unit and time step for the backward pass, at most.
    private const int ValuesPerUnit = 12;

    /// <summary>What is too much as far as a run's files say it, before its data are opened.</summary>
    /// <param name="spec">The spec as it was written.</param>
    /// <param name="born">The data that the run was born with.</param>
    public static string? ProblemOf(RunSpec spec, RunData born) => ProblemOf(born) ?? (born.Description is { Training: { } training } data
        ? ProblemOf(spec, training.Longest, data.Validation?.Longest ?? 0)
        : ProblemOf(spec, null, 0));

    /// <summary>What is too much of a run whose data are open.</summary>
    /// <param name="spec">The spec, every size known.</param>
    /// <param name="data">Its data.</param>
    public static string? ProblemOf(RunSpec spec, IDataSource data) =>
        ProblemOf(spec, Longest(data.Training), Longest(data.Validation));

    /// <summary>What is too much of a spec.</summary>
    /// <param name="spec">The spec; where it lacks a size, the data say it, and nothing is found yet.</param>
    /// <param name="training">Time steps of the longest sequence that is trained on; null where that is not known yet.</param>
    /// <param name="heldOut">Time steps of the longest one that is validated on; 0 for none.</param>
    internal static string? ProblemOf(RunSpec spec, int? training, int heldOut)
    {
        if (spec.Model is { OutputSize: null } or { InputSize: null, Embedding: null } or { Embedding: { Vocabulary: null } })
            return null;
        var parameters = ParameterLayout.Count(spec.Model);
        if (parameters * spec.Train.ShardCount is var all && all > MostParameters)
            return Found($"{all:N0} parameters of all shards", MostParameters);
        if (LongestStep(spec.Tbptt, training) is not { } step)
            return null;
        int evaluated = heldOut > 0 ? ChunkSplit.OfHeldOut(spec).Chunk(heldOut, 0).Length : 0;
        if (parameters * spec.Data.BatchSize * Math.Max(step, evaluated) is var work && work > MostWork)
            return Found($"a {(step < evaluated ? "chunk that is evaluated" : "step")} of {work:N0} parameters × time steps", MostWork);

        // A step of whole sequences may be run in pieces, of which one is kept at a time.
        int kept = Math.Max(evaluated, spec.WorksByPieces ? Math.Min(step, spec.Tbptt.ChunkLength ?? step) : step);
        Int128 bytes = (Int128)spec.Data.BatchSize * kept * PerTimeStep(spec.Model) * sizeof(float);
        return bytes > MostActivations ? Found($"{bytes:N0} bytes that a chunk of all lanes takes in the network", MostActivations) : null;
    }

    private static string? ProblemOf(RunData born)
    {
        Int128 files = born.Files.Aggregate((Int128)0, (sum, file) => sum + file.Length), decoded = Decoded(born.Description);
        return files > MostData ? Found($"{files:N0} bytes of data", MostData)
            : decoded > MostData ? Found($"{decoded:N0} bytes of data once they are decoded", MostData) : null;
    }

    /// <summary>
    /// Bytes of all values, each as a float32: compressed files are shorter. Tokens are read from files as they are, and synthetic data
    /// come from none.
    /// </summary>
    private static Int128 Decoded(DataDescription? data)
    {
        if (data is not { Training: { } training, Vocabulary: 0, Paths.Count: > 0 })
            return 0;
        Int128 steps = (Int128)training.Steps + (training.Before ?? 0) + (data.Validation?.Steps ?? 0) + (data.Test?.Steps ?? 0);
        return steps * ((Int128)data.InputFeatures + data.TargetFeatures + (data.Classes > 0 ? 1 : 0)) * sizeof(float);
    }

    /// <summary>
    /// The most time steps of a lane in one step: the first chunk of the longest sequence has most, where the data determine them.
    /// </summary>
    private static int? LongestStep(TbpttSpec tbptt, int? longest) => longest is not { } length ? tbptt.LongestStep
        : tbptt.LongestStep is { } most ? Math.Min(most, length) : ChunkSplit.Of(tbptt).Chunk(length, 0).Length;

    private static Int128 PerTimeStep(ModelSpec model) => (Int128)(model.Embedding?.Size ?? model.InputSize!.Value)
        + ((Int128)model.Layers * Math.Max(model.HiddenSize, model.LayerOutputs) * ValuesPerUnit) + (3 * (Int128)model.OutputSize!.Value);

    private static int Longest(ISequenceSet? sequences)
    {
        int longest = 0;
        for (int i = 0; i < sequences?.Count; i++)
            longest = Math.Max(longest, sequences.Length(i));
        return longest;
    }

    private static string Found(FormattableString what, long most) =>
        $"found {what.ToString(CultureInfo.InvariantCulture)}, expected {Text.Count(most)} at most on a silo";
}

using System.Globalization;

namespace Orleans.Tbptt.Specs;

/// <summary>By which statistics a run scales columns of data that grew.</summary>
public enum ExtendedScaling
{
    /// <summary>By those of the parent: a value stands for what it stood for when the model learned it.</summary>
    Frozen,

    /// <summary>By those of all rows to train on, the parent's included.</summary>
    Refit,
}

/// <summary>
/// The end of another run, the parent, which a run continues on data that grew: it begins with the parent's parameters, state of the
/// optimizer and number of steps, and trains on what lies behind the parent's data.
/// </summary>
public sealed record ExtendsSpec
{
    /// <summary>
    /// The absolute path of a checkpoint that the parent wrote at an epoch's end: <c>RUN/checkpoints/GENERATION-STEP</c>.
    /// </summary>
    public required string Checkpoint { get; init; }

    /// <summary>
    /// How many chunks before the new part are trained on again, of each sequence, from hidden state zero. Default 0: the new part alone,
    /// from the hidden state at the parent's end.
    /// </summary>
    public int Replay { get; init; }

    /// <summary>By which statistics columns are scaled. Default by the parent's.</summary>
    public ExtendedScaling Scaling { get; init; }

    /// <summary>
    /// Whether the run waits for further rows and trains on them as they are appended, each once, a whole chunk at a time. Default false.
    /// </summary>
    public bool Follow { get; init; }

    /// <summary>
    /// Seconds without anything new in the file after which a run that follows it has completed; 0, the default, for never. Has no part in
    /// the result of a step.
    /// </summary>
    public int IdleSeconds { get; init; }

    /// <summary>The parent's directory.</summary>
    public string Run => Above(Above(Checkpoint));

    /// <summary>The checkpoint's name, <c>GENERATION-STEP</c>.</summary>
    public string Name => Path.GetFileName(Checkpoint);

    /// <summary>The steps that led to the checkpoint: the first step of the run is the one after them.</summary>
    public long Step => StepOf(Name) ?? 0;

    /// <summary>Whether a path has the form of a checkpoint's.</summary>
    internal static bool IsCheckpoint(string path) =>
        StepOf(Path.GetFileName(path)) is not null && Path.GetFileName(Above(path)) == "checkpoints" && Above(Above(path)).Length > 0;

    private static long? StepOf(string name) => name.Split('-') is [var generation, var step]
        && int.TryParse(generation, NumberStyles.None, CultureInfo.InvariantCulture, out int first)
        && long.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out long steps)
        && name == string.Create(CultureInfo.InvariantCulture, $"{first}-{steps}") ? steps : null;

    private static string Above(string path) => Path.GetDirectoryName(path) ?? "";
}

namespace Orleans.Tbptt.Specs;

/// <summary>Where sequences come from.</summary>
public enum SourceKind
{
    /// <summary>Synthetic: normal noise; the target is the top half of the features plus the bottom half rolled by one.</summary>
    Average,

    /// <summary>Synthetic: sines of seeded frequency and phase; the target is the next value.</summary>
    Sine,

    /// <summary>A CSV file with a header: one long stream of rows, forecast a horizon ahead.</summary>
    Csv,

    /// <summary>NumPy arrays: inputs, targets and, for padded sequences, lengths.</summary>
    Npy,

    /// <summary>Files matched by a glob, as one long stream of bytes; the target is the next byte.</summary>
    Bytes,
}

/// <summary>The sequences of a run. Which of the optional members apply is said by <see cref="Source"/>.</summary>
public sealed record DataSpec
{
    /// <summary>Features of a time step of source <c>average</c> when <see cref="ModelSpec.InputSize"/> is left out.</summary>
    public const int AverageFeatures = 10;

    /// <summary>The kind of source, the part of the <c>source</c> key before its colon.</summary>
    public required SourceKind Source { get; init; }

    /// <summary>
    /// What follows the colon of the <c>source</c> key, as absolute paths: the file (csv), the glob (bytes),
    /// or inputs, targets and optionally lengths (npy, in that order). Empty for synthetic sources.
    /// </summary>
    public IReadOnlyList<string> Paths { get; init; } = [];

    /// <summary>Lanes of the whole run: how many sequences are trained on side by side.</summary>
    public required int BatchSize { get; init; }

    /// <summary>Whether each epoch takes the sequences in an order drawn from (seed, epoch). Independent sequences only. Default false.</summary>
    public bool Shuffle { get; init; }

    /// <summary>The share, in [0, 1), that is held out from the end: of the sequences, or of a stream's time. Default 0.</summary>
    public double ValidationFraction { get; init; }

    /// <summary>average, sine: how many sequences. Default 300.</summary>
    public int Sequences { get; init; } = 300;

    /// <summary>average, sine: time steps of each sequence. Default 100.</summary>
    public int SequenceLength { get; init; } = 100;

    /// <summary>csv: names of the columns that are inputs.</summary>
    public IReadOnlyList<string> Inputs { get; init; } = [];

    /// <summary>csv: names of the columns that are targets; the inputs when left out.</summary>
    public IReadOnlyList<string> Targets { get; init; } = [];

    /// <summary>csv: how many rows ahead of its input a target lies. Default 1.</summary>
    public int Horizon { get; init; } = 1;

    /// <summary>csv: whether columns are standardised (mean 0, deviation 1) with the statistics of the training part. Default true.</summary>
    public bool Standardize { get; init; } = true;

    /// <summary>bytes: absolute globs of files that are left out.</summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>Whether the source is one long stream, cut into as many contiguous rows as there are lanes.</summary>
    public bool IsStream => Source is SourceKind.Csv or SourceKind.Bytes;

    /// <summary>Equal in every member, lists item by item, so that specs can be compared.</summary>
    public bool Equals(DataSpec? other) =>
        other is not null && Source == other.Source && Paths.SequenceEqual(other.Paths) && BatchSize == other.BatchSize
        && Shuffle == other.Shuffle && ValidationFraction.Equals(other.ValidationFraction) && Sequences == other.Sequences
        && SequenceLength == other.SequenceLength && Inputs.SequenceEqual(other.Inputs) && Targets.SequenceEqual(other.Targets)
        && Horizon == other.Horizon && Standardize == other.Standardize && Exclude.SequenceEqual(other.Exclude);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Source, string.Join('\0', Paths), BatchSize, Sequences, SequenceLength);
}

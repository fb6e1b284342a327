using Orleans.Tbptt.Descriptions;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>
/// A file with named columns and one row a time step: the inputs of row t forecast the targets of row t + horizon. A format declares a word
/// and a reader; its keys are these, and those that it adds.
/// </summary>
public abstract partial record TableSource : OpenableSource
{
    /// <summary>The absolute path of the file.</summary>
    public string Path { get; init; } = "";

    /// <summary>Reads the names of the columns, and what the format says of their contents.</summary>
    /// <exception cref="SpecException">The file is none of this format.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public IReadOnlyList<FileColumn> ReadColumns()
    {
        try
        {
            using TableReader reader = OpenTable(Path);
            return
            [
                .. reader.Columns.Select(column => new FileColumn(column.Name, column.Type switch
                {
                    CellType.Number => ColumnContent.Number,
                    CellType.Time => ColumnContent.Time,
                    CellType.Text => ColumnContent.Text,
                    _ => ColumnContent.Unknown,
                })),
            ];
        }
        catch (TableFormatException error)
        {
            throw new SpecException(error.Problem);
        }
    }

    /// <summary>Names of the columns that are inputs; those of numbers when left out.</summary>
    public IReadOnlyList<string> Inputs { get; init; } = [];

    /// <summary>Names of the columns that are targets; the inputs when left out.</summary>
    public IReadOnlyList<string> Targets { get; init; } = [];

    /// <summary>How many rows ahead of its input a target lies; the first of <see cref="Horizons"/> rows. Default 1.</summary>
    public int Horizon { get; init; } = 1;

    /// <summary>
    /// How many rows are forecast from each row, by outputs of their own: with more than one, the next <see cref="Horizons"/> rows. Default
    /// 1.
    /// </summary>
    public int Horizons { get; init; } = 1;

    /// <summary>Whether columns are standardised (mean 0, deviation 1) with the statistics of the training part. Default true.</summary>
    public bool Standardize { get; init; } = true;

    /// <summary>The column that says when a row was measured; its order is checked. Null, the default, for none.</summary>
    public string? Time { get; init; }

    /// <summary>
    /// The time from a row to the next, such as <c>1h</c>, of which all are multiples; null, the default, to go by the rows.
    /// </summary>
    public string? Step { get; init; }

    /// <summary>
    /// The column that names the series of a row; each series is a sequence. Null, the default, where all rows are one stream.
    /// </summary>
    public string? Series { get; init; }

    /// <summary>Whose statistics standardise a value. Default all rows'.</summary>
    public TableScale Scale { get; init; }

    /// <summary>What becomes of missing cells. Default: they are refused.</summary>
    public MissingValues MissingValues { get; init; }

    /// <summary>
    /// Names of inputs whose cells, texts or whole numbers, are classes, each with a learned vector. They may be known or static, and may
    /// be the column of series. Default none.
    /// </summary>
    public IReadOnlyList<string> Categorical { get; init; } = [];

    /// <summary>What is made of the values of columns before they are standardised, by name. Default nothing.</summary>
    public NamedValues<ColumnTransform> Transform { get; init; } = new([]);

    /// <summary>
    /// Names of inputs whose value is known ahead, such as the day of the week: each is read from the target's row. Default none.
    /// </summary>
    public IReadOnlyList<string> Known { get; init; } = [];

    /// <summary>Names of inputs that are the same in all rows of a series. Default none.</summary>
    public IReadOnlyList<string> Static { get; init; } = [];

    /// <summary>
    /// Rows of a season, as <see cref="Step"/> shows: of a day where rows lie less than a day apart, which they divide, of a week where
    /// they lie a day apart. Null otherwise.
    /// </summary>
    public int? Season
    {
        get
        {
            const double Day = 86_400e6;
            if (Step is null || new TimeStep(isTime: true).Parse(Step) is not { } step)
                return null;
            return step == Day ? 7 : step < Day && Day % step == 0 ? (int)(Day / step) : null;
        }
    }

    /// <summary>How far ahead of a row the last row lies that is forecast from it.</summary>
    public int Farthest => Horizon + Horizons - 1;

    /// <summary>Whether a model learns the differences of a column.</summary>
    /// <param name="column">The column's name.</param>
    public bool IsDifference(string column) => TransformOf(column) == ColumnTransform.Difference;

    /// <summary>What is made of the values of a column before they are standardised; null for nothing.</summary>
    /// <param name="column">The column's name.</param>
    public ColumnTransform? TransformOf(string column) =>
        Transform.Pairs.Where(pair => pair.Key == column).Select(pair => (ColumnTransform?)pair.Value).FirstOrDefault();

    /// <inheritdoc/>
    public override string Form => $"{Word}:PATH";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Paths => [Path];

    /// <inheritdoc/>
    public override bool IsStream => Series is null;

    /// <inheritdoc/>
    public override bool HasTimes => Time is not null;

    /// <inheritdoc/>
    public override bool TargetsLieAhead => true;

    /// <summary>What the file is, for messages, such as "a CSV file".</summary>
    protected abstract string FileNoun { get; }

    /// <inheritdoc/>
    public override SourceSpec Read(string? paths, TextContext text) =>
        Required(paths, text) is { } path ? this with { Path = text.File(path, FileNoun) } : this;

    /// <inheritdoc/>
    public override Choice Walk(SpecWalk walk)
    {
        var read = this with
        {
            Inputs = walk.Texts("inputs", Inputs, "columns by name", "column name", "numeric columns"),
            Targets = walk.Texts("targets", Targets, "columns by name", "column name", "the inputs"),
        };
        var (first, last) = walk.CountOrRange(
            "horizon", (Horizon, Farthest), "rows from an input to its target; `1..24`: the next 24 rows, each with outputs of its own");
        return read.WalkRows(walk) with { Horizon = first, Horizons = last - first + 1 };
    }

    private TableSource WalkRows(SpecWalk walk) => this with
    {
        Standardize = walk.Flag("standardize", Standardize, "mean 0 and deviation 1, by the training part"),
        Time = walk.OptionalText(
            "time", Time, "the column that says when a row was measured: its order is checked, newest first is turned round",
            "a column's name", "none"),
        Step = walk.OptionalText("step", Step, "time between rows, such as `10min`, `1h`, `1d`", "a time", "as the rows show"),
        Series = walk.OptionalText(
            "series", Series, "the column that names the series of a row: each is a sequence, the last rows of each are held out",
            "a column's name", "all rows are one"),
        Scale = walk.Word("scale", Scale, "whose statistics standardise", TableWords.Scales, isWritten: Scale != TableScale.Column),
        MissingValues = walk.Word(
            "missingValues", MissingValues, "what becomes of missing cells", TableWords.Policies,
            isWritten: MissingValues != MissingValues.Refuse),
        Transform = walk.WordsByName(
            "transform", Transform, "what is made of a column's values before they are standardised: `{sales: log1p}`", "column",
            TableWords.Transforms),
        Known = walk.Texts(
            "known", Known, "inputs whose value is known ahead, such as a day of the week: read from the target's row", "column name",
            "none"),
        Categorical = walk.Texts(
            "categorical", Categorical,
            "inputs whose cells, texts or whole numbers, are classes, each with a vector that is learned (`model.embeddings`)",
            "column name", "none"),
        Static = walk.Texts("static", Static, "inputs that are the same in all rows of a series", "column name", "none"),
    };

    /// <inheritdoc/>
    public override void Check(RunSpec spec, Findings findings)
    {
        ArgumentNullException.ThrowIfNull(findings);
        ArgumentNullException.ThrowIfNull(spec);
        TableKeys.Check(this, spec, findings);
    }

    /// <summary>Equal in every member, lists item by item.</summary>
    public virtual bool Equals(TableSource? other) =>
        other is not null && EqualityContract == other.EqualityContract && Path == other.Path && Inputs.SequenceEqual(other.Inputs)
        && Targets.SequenceEqual(other.Targets) && Horizon == other.Horizon && Horizons == other.Horizons
        && Standardize == other.Standardize && Time == other.Time
        && Step == other.Step && Series == other.Series && Scale == other.Scale && MissingValues == other.MissingValues
        && Transform.Equals(other.Transform) && Categorical.SequenceEqual(other.Categorical) && Known.SequenceEqual(other.Known)
        && Static.SequenceEqual(other.Static);

    /// <inheritdoc/>
    public override int GetHashCode() =>
        HashCode.Combine(Path, string.Join('\0', Inputs), string.Join('\0', Targets), Horizon, Standardize, Time, Series, MissingValues);

    /// <inheritdoc/>
    /// <remarks>Inputs that were made of others, such as whether a cell has a value, are no columns.</remarks>
    internal override OpenableSource Complete(SourceDescription read) => this with
    {
        Inputs = Inputs.Count > 0 ? Inputs
            : [.. read.Columns.Where(column => read.Inputs.Contains(column.Name) && column.Classes.Count == 0)
                .Select(column => column.Name).Distinct()],
        Targets = Targets.Count > 0 ? Targets : this.ColumnsOf(read.Targets),
    };

    internal override OpenableSource CompletedFrom(OpenableSource other)
    {
        var table = (TableSource)other;
        return this with
        {
            Inputs = Inputs.Count > 0 ? Inputs : table.Inputs,
            Targets = Targets.Count > 0 ? Targets : table.Targets,
            Known = Known.Count > 0 ? Known : table.Known,
            Static = Static.Count > 0 ? Static : table.Static,
            Categorical = Categorical.Count > 0 ? Categorical : table.Categorical,
            Transform = Transform.Pairs.Count > 0 ? Transform : table.Transform,
        };
    }
}

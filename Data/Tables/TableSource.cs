using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>
/// A file with named columns and one row a time step: the inputs of row t forecast the targets of row t + horizon. A format declares a word
/// and a reader; its keys are these, and those that it adds.
/// </summary>
public abstract record TableSource : OpenableSource
{
    /// <summary>The absolute path of the file.</summary>
    public string Path { get; init; } = "";

    /// <summary>Names of the columns that are inputs; those of numbers when left out.</summary>
    public IReadOnlyList<string> Inputs { get; init; } = [];

    /// <summary>Names of the columns that are targets; the inputs when left out.</summary>
    public IReadOnlyList<string> Targets { get; init; } = [];

    /// <summary>How many rows ahead of its input a target lies. Default 1.</summary>
    public int Horizon { get; init; } = 1;

    /// <summary>Whether columns are standardised (mean 0, deviation 1) with the statistics of the training part. Default true.</summary>
    public bool Standardize { get; init; } = true;

    /// <inheritdoc/>
    public override string Form => $"{Word}:PATH";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Paths => [Path];

    /// <inheritdoc/>
    public override bool IsStream => true;

    /// <summary>What the file is, for messages, such as "a CSV file".</summary>
    protected abstract string FileNoun { get; }

    /// <inheritdoc/>
    public override SourceSpec Read(string? paths, TextContext text) =>
        Required(paths, text) is { } path ? this with { Path = text.File(path, FileNoun) } : this;

    /// <inheritdoc/>
    public override Choice Walk(SpecWalk walk) => this with
    {
        Inputs = walk.Texts("inputs", Inputs, "columns by name", "column name", "numeric columns"),
        Targets = walk.Texts("targets", Targets, "columns by name", "column name", "the inputs"),
        Horizon = walk.Count("horizon", Horizon, "rows from an input to its target"),
        Standardize = walk.Flag("standardize", Standardize, "mean 0 and deviation 1, by the training part"),
    };

    /// <summary>Equal in every member, lists item by item.</summary>
    public virtual bool Equals(TableSource? other) =>
        other is not null && EqualityContract == other.EqualityContract && Path == other.Path && Inputs.SequenceEqual(other.Inputs)
        && Targets.SequenceEqual(other.Targets) && Horizon == other.Horizon && Standardize == other.Standardize;

    /// <inheritdoc/>
    public override int GetHashCode() =>
        HashCode.Combine(Path, string.Join('\0', Inputs), string.Join('\0', Targets), Horizon, Standardize);

    /// <summary>Opens the file.</summary>
    /// <param name="path">The checked path to open instead of <see cref="Path"/>, which messages name.</param>
    /// <exception cref="TableFormatException">It is no table of this format.</exception>
    internal abstract TableReader OpenTable(string path);

    /// <inheritdoc/>
    internal override IDataSource Open(RunSpec spec, InputFiles opened)
    {
        var problems = new ProblemList();
        if (opened.Admit(DataKeys.Source, Path, problems) is not { } path)
            throw new SpecException(problems.ToList());
        try
        {
            using TableReader reader = OpenTable(path);
            return new TableLoader(this, spec.Data, problems).Open(reader);
        }
        catch (TableFormatException error)
        {
            problems.Add(error.Key, error.Found, error.Expected, error.Remedy);
        }
        catch (TemporaryFileException error)
        {
            problems.Add(
                DataKeys.Source, $"no room for the table of {Path} ({error.Message})", "a directory for temporary files that has room",
                "free some, or set TMPDIR to another directory");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            problems.AddRange([InputFile.Unreadable(DataKeys.Source, Path, error)]);
        }

        throw new SpecException(problems.ToList());
    }
}

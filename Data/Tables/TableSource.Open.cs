using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Descriptions;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Tables;

/// <content>Opens the file, for each use that is made of it.</content>
public abstract partial record TableSource
{
    internal override IDataSource OpenAs(RunSpec spec, InputFiles opened, SourceDescription read) => Open(
        opened, (reader, problems) => new TableLoader(this, spec.Data, problems)
        {
            ReadAs = read, KeepsTimes = opened.KeepsTimes, RowsLeftOut = opened.RowsLeftOut,
        }.Open(reader));

    internal override bool EndsWithALine => true;

    internal override GrownSource OpenGrown(RunSpec spec, InputFiles opened, Growth growth) => Open(opened, (reader, problems) =>
    {
        var loader = new TableLoader(this, spec.Data, problems)
        {
            Growth = growth, FollowedBy = opened.Followed is null ? null : spec.Tbptt.ChunkLength,
        };
        IDataSource data = loader.Open(reader);
        return new GrownSource(data, loader.Trained);
    });

    internal override OpenableSource WithFilesOf(OpenableSource other) => this with { Path = ((TableSource)other).Path };

    internal override IDataSource OpenHeldOut(RunSpec spec, InputFiles opened, IDataSource training) =>
        OpenHeldOut(spec.Data, opened, training.Description);

    /// <summary>Opens the file, all of it held out.</summary>
    /// <param name="data">The spec's data.</param>
    /// <param name="opened">Opens files.</param>
    /// <param name="trained">What was trained on.</param>
    /// <exception cref="SpecException">It cannot be validated on; carries every mistake found.</exception>
    internal IDataSource OpenHeldOut(DataSpec data, InputFiles opened, SourceDescription trained) => Open(opened, data, trained);

    /// <summary>Opens the file.</summary>
    /// <param name="path">The checked path to open instead of <see cref="Path"/>, which messages name.</param>
    /// <exception cref="TableFormatException">It is no table of this format.</exception>
    internal abstract TableReader OpenTable(string path);

    /// <summary>Opens a part of a file that is followed.</summary>
    /// <param name="path">The checked path.</param>
    /// <param name="part">Which part.</param>
    /// <param name="before">Has read the rows before it; null where the part begins with the file.</param>
    /// <exception cref="TableFormatException">It is no part of a table of this format.</exception>
    internal virtual TableReader OpenTable(string path, FilePart part, TableReader? before = null) =>
        throw new NotSupportedException($"{Word} files are not followed");

    /// <inheritdoc/>
    internal override IDataSource Open(RunSpec spec, InputFiles opened) => Open(opened, spec.Data, null);

    /// <summary>Opens the file for a trained model to forecast from.</summary>
    /// <param name="opened">Opens files.</param>
    /// <param name="spec">The spec of its training.</param>
    /// <param name="trained">What was trained on.</param>
    /// <param name="before">Where the series ended whose rows follow; null where the rows stand alone.</param>
    /// <exception cref="SpecException">It cannot be forecast from; carries every mistake found.</exception>
    internal IForecastData OpenForecast(
        InputFiles opened, RunSpec spec, SourceDescription trained, IReadOnlyList<SeriesEnd>? before) =>
        Open(opened, (reader, problems) => TableForecast.Open(
            this, spec, trained, reader, before is null ? null : new(before), problems));

    private IDataSource Open(InputFiles opened, DataSpec data, SourceDescription? training) =>
        Open(opened, (reader, problems) =>
            new TableLoader(this, data, problems)
            {
                HeldOutOf = training, KeepsTimes = opened.KeepsTimes, RowsLeftOut = opened.RowsLeftOut,
            }.Open(reader));

    private T Open<T>(InputFiles opened, Func<TableReader, ProblemList, T> open)
    {
        var problems = new ProblemList();
        if (opened.Admit(DataKeys.Source, Path, problems) is not { } path)
            throw new SpecException(problems.ToList());
        return Open(
            () => Bounded(opened.Followed is { } followed ? OpenTable(path, followed.Added) : OpenTable(path), opened.MostCells), open);
    }

    private TableReader Bounded(TableReader table, long most) => most == long.MaxValue ? table : new BoundedRows(table, Path, most);

    private protected T Open<T>(Func<TableReader> table, Func<TableReader, ProblemList, T> open) => TableOpening.Open(Path, table, open);
}

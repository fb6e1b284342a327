using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Descriptions;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Data;

/// <summary>A source that opens its data.</summary>
public abstract record OpenableSource : SourceSpec
{
    /// <summary>Opens the data and checks all of their contents.</summary>
    /// <param name="spec">The spec that names this source.</param>
    /// <param name="opened">Opens the files.</param>
    /// <exception cref="SpecException">The data are not fit to be trained on; carries every mistake found.</exception>
    internal abstract IDataSource Open(RunSpec spec, InputFiles opened);

    /// <summary>The source with the files of another one of its kind, and its own keys.</summary>
    internal virtual OpenableSource WithFilesOf(OpenableSource other) => other;

    /// <summary>
    /// Opens files that are held out, all of them: <see cref="IDataSource.Validation"/>, or what would be trained on. A mistake in them is
    /// reported at <see cref="DataKeys.Source"/>, as if they were trained on.
    /// </summary>
    /// <param name="spec">The spec that names this source.</param>
    /// <param name="opened">Opens the files.</param>
    /// <param name="training">What is trained on; its columns are scaled alike, its vocabulary is the same.</param>
    /// <exception cref="SpecException">The data are not fit to be validated on; carries every mistake found.</exception>
    internal virtual IDataSource OpenHeldOut(RunSpec spec, InputFiles opened, IDataSource training) =>
        !IsStream ? Open(spec, opened)
        : throw new SpecException(new SpecProblem(DataKeys.Source, $"{Word} as one long stream", "sequences, or another source",
            "hold rows out by a row or a fraction"));

    /// <summary>Whether text that is appended to a file's last line, where that has no end, changes what the line is read as.</summary>
    internal virtual bool EndsWithALine => false;

    /// <summary>
    /// The source with the keys filled in that were left out for the data to decide, from another source, on whose data a model was
    /// trained.
    /// </summary>
    /// <param name="other">A table where this one is, or one of the same kind.</param>
    internal virtual OpenableSource CompletedFrom(OpenableSource other) => this;

    /// <summary>Opens the data with columns, scaling, classes and tokens as another run read them.</summary>
    /// <param name="spec">The spec that names this source.</param>
    /// <param name="opened">Opens the files.</param>
    /// <param name="read">What the other run read.</param>
    /// <exception cref="SpecException">The data are not fit to be trained on; carries every mistake found.</exception>
    internal virtual IDataSource OpenAs(RunSpec spec, InputFiles opened, SourceDescription read) => Open(spec, opened);

    /// <summary>How a file that is followed is cut into rows; null where files are not followed.</summary>
    internal virtual RowCut? RowCut => null;

    /// <summary>Opens data that grew since another run: columns and classes are read as that run read them.</summary>
    /// <param name="spec">The spec that names this source.</param>
    /// <param name="opened">Opens the files.</param>
    /// <param name="growth">What the other run read.</param>
    /// <exception cref="SpecException">The data are not fit to be trained on; carries every mistake found.</exception>
    internal virtual GrownSource OpenGrown(RunSpec spec, InputFiles opened, Growth growth) => new(Open(spec, opened), []);

    /// <summary>
    /// The source with every key filled in that was left out for the data to decide, so that a run's written spec says what was read. It
    /// opens to the same sequences.
    /// </summary>
    /// <param name="read">What the source said of its data when it was opened.</param>
    internal virtual OpenableSource Complete(SourceDescription read) => this;

    /// <summary>Splits what follows the colon, which must be there.</summary>
    /// <returns>Null when it is missing, which has been reported.</returns>
    private protected string? Required(string? paths, TextContext text)
    {
        if (!string.IsNullOrWhiteSpace(paths))
            return paths;
        text.Report($"{Word} without a path", Form, "write the path after the colon");
        return null;
    }
}

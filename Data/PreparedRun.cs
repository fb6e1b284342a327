using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data;

/// <summary>A run that can begin: its spec with every size filled in, its data open and checked, its parameters laid out.</summary>
public sealed class PreparedRun : IDisposable
{
    private readonly InputFiles _opened;

    private PreparedRun(RunSpec spec, IDataSource data, InputFiles opened, IReadOnlyList<DataFile> files)
    {
        (Spec, Data, Files, _opened) = (spec, data, files, opened);
        Layout = ParameterLayout.Of(spec.Model);
    }

    /// <summary>The spec, resolved: nothing in it is left for the data to tell.</summary>
    public RunSpec Spec { get; }

    /// <summary>The data; closed with this object.</summary>
    public IDataSource Data { get; }

    /// <summary>The parameters of the model.</summary>
    public ParameterLayout Layout { get; }

    /// <summary>
    /// Every file that determines the result, and what was in it when it was opened: the data's files in order, then
    /// <c>model.initFrom</c>. Empty for synthetic data, and when no fingerprint was asked for.
    /// </summary>
    public IReadOnlyList<DataFile> Files { get; }

    /// <summary>
    /// Opens the data of a spec, fills in what they tell and checks that all fits: the one call that a client makes before it submits
    /// and a silo before it trains. Preparing a resolved spec again gives the same spec.
    /// </summary>
    /// <param name="spec">The spec.</param>
    /// <param name="roots">Where its files may lie; anywhere when left out.</param>
    /// <param name="fingerprint">
    /// Whether to read every file through and hash it, which <see cref="Files"/> and <see cref="FindChange"/> need; false to check only.
    /// </param>
    /// <exception cref="SpecException">The run cannot begin; carries every mistake found.</exception>
    public static PreparedRun Prepare(RunSpec spec, DataRoots? roots = null, bool fingerprint = true)
    {
        var opened = new InputFiles(roots ?? DataRoots.Anywhere);
        IDataSource data = Open(spec, opened);
        try
        {
            var problems = new ProblemList();
            (RunSpec resolved, IReadOnlyList<SpecProblem> unfit) = SpecResolver.Resolve(spec, data.Shape, opened);
            problems.AddRange(unfit);
            LaneLimits.CheckSequences(spec, data, problems);
            if (unfit.Count == 0)
                LaneLimits.CheckBuffers(resolved, data, problems);
            if (problems.IsEmpty)
                LaneLimits.CheckMessages(resolved, problems);
            problems.ThrowIfAny();
            return new(resolved, data, opened, fingerprint ? opened.Hash() : []);
        }
        catch
        {
            data.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Looks whether every file of <see cref="Files"/> is still what it was: one question to the file system a file, and only a file
    /// that was written, replaced or touched since is read again. From any thread.
    /// </summary>
    /// <remarks>
    /// A file that merely appears beside the others is not noticed here, as it is no part of what was opened; it is when the data are
    /// opened anew and their <see cref="Files"/> compared.
    /// </remarks>
    /// <returns>The first change, in words; null when there is none.</returns>
    /// <exception cref="InvalidOperationException">The run was prepared without fingerprints.</exception>
    public string? FindChange() => _opened.FindChange();

    /// <inheritdoc/>
    public void Dispose() => Data.Dispose();

    private static IDataSource Open(RunSpec spec, InputFiles opened)
    {
        try
        {
            return DataSources.Open(spec, opened);
        }
        catch (SpecException error)
        {
            // Without data no size can be checked, but a file of weights that cannot be read is told along.
            var problems = new ProblemList();
            problems.AddRange(error.Problems);
            InitialWeights.Check(spec.Model, sized: false, opened, problems);
            throw new SpecException(problems.ToList());
        }
    }
}

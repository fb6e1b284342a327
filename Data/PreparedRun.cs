using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data;

/// <summary>A run that can begin: its spec with every size filled in, its data open and checked, its parameters laid out.</summary>
public sealed class PreparedRun : IDisposable
{
    private PreparedRun(RunSpec spec, IDataSource data) => (Spec, Data, Layout) = (spec, data, ParameterLayout.Of(spec.Model));

    /// <summary>The spec, resolved: nothing in it is left for the data to tell.</summary>
    public RunSpec Spec { get; }

    /// <summary>The data; closed with this object.</summary>
    public IDataSource Data { get; }

    /// <summary>The parameters of the model.</summary>
    public ParameterLayout Layout { get; }

    /// <summary>
    /// Opens the data of a spec, fills in what they tell and checks that all fits: the one call that a client makes before it submits
    /// and a silo before it trains. Preparing a resolved spec again gives the same spec.
    /// </summary>
    /// <exception cref="SpecException">The run cannot begin; carries every mistake found.</exception>
    public static PreparedRun Prepare(RunSpec spec)
    {
        IDataSource data = Open(spec);
        try
        {
            var problems = new ProblemList();
            (RunSpec resolved, IReadOnlyList<SpecProblem> unfit) = SpecResolver.Resolve(spec, data.Shape);
            problems.AddRange(unfit);
            LaneLimits.CheckSequences(spec, data, problems);
            if (unfit.Count == 0)
                LaneLimits.CheckBuffers(resolved, data, problems);
            problems.ThrowIfAny();
            return new(resolved, data);
        }
        catch
        {
            data.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Data.Dispose();

    private static IDataSource Open(RunSpec spec)
    {
        try
        {
            return DataSources.Open(spec);
        }
        catch (SpecException error)
        {
            // Without data no size can be checked, but a file of weights that cannot be read is told along.
            var problems = new ProblemList();
            problems.AddRange(error.Problems);
            InitialWeights.Check(spec.Model, sized: false, problems);
            throw new SpecException(problems.ToList());
        }
    }
}

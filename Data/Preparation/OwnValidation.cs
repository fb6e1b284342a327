using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Descriptions;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Preparation;

/// <summary>Data of which files of their own are held out: trained on is all of the one source, validated on all of the other.</summary>
internal sealed class OwnValidation : IDataSource
{
    private readonly IDataSource _training;
    private readonly IDataSource _held;

    private OwnValidation(IDataSource training, IDataSource held) => (_training, _held) = (training, held);

    public DataShape Shape => _training.Shape with
    {
        Vocabulary = Math.Max(_training.Shape.Vocabulary, _held.Shape.Vocabulary),
        Classes = Math.Max(_training.Shape.Classes, _held.Shape.Classes),
        IsMasked = _training.Shape.IsMasked || _held.Shape.IsMasked,
    };

    public ISequenceSet Training => _training.Training;

    public ISequenceSet? Validation => _held.Validation ?? _held.Training;

    public SourceDescription Description =>
        _training.Description with
        {
            Validation = _held.Description.Validation ?? _held.Description.Training,
            Tokens = _held.Description.Tokens,
        };

    /// <summary>Adds the files that a spec holds out, if it names any, to its data.</summary>
    /// <param name="spec">The spec.</param>
    /// <param name="opened">Opens the files.</param>
    /// <param name="training">What is trained on; closed where this fails.</param>
    /// <exception cref="SpecException">The files are not fit; carries every mistake found.</exception>
    public static IDataSource AddTo(RunSpec spec, InputFiles opened, IDataSource training)
    {
        if (spec.Data.Validation?.Source is not { } other)
            return training;
        IDataSource? held = null;
        try
        {
            var source = ((OpenableSource)SpecResolver.Complete(spec, training.Description).Data.Source).WithFilesOf((OpenableSource)other);
            held = source.OpenHeldOut(
                spec with { Data = spec.Data with { Source = source, ValidationFraction = 0, Validation = null } }, opened, training);
            CheckShape(training.Shape, held.Shape, string.Join(", ", other.Paths));
            return new OwnValidation(training, held);
        }
        catch (SpecException error)
        {
            held?.Dispose();
            training.Dispose();
            throw new SpecException([.. error.Problems.Select(problem => AtItsKey(problem, string.Join(", ", other.Paths)))]);
        }
    }

    /// <summary>A mistake at the key that names the files; one of a key that both sources have names them.</summary>
    private static SpecProblem AtItsKey(SpecProblem problem, string paths) => problem.Key switch
    {
        DataKeys.Source => problem with { Key = DataKeys.ValidationSource },
        DataKeys.ValidationSource => problem,
        _ => problem with { Key = DataKeys.ValidationSource, Found = $"{problem.Key} {problem.Found} with {paths}" },
    };

    public void Dispose()
    {
        _training.Dispose();
        _held.Dispose();
    }

    private static void CheckShape(DataShape training, DataShape held, string path)
    {
        var problems = new ProblemList();
        Compare("inputs", training.InputFeatures, training.HasTokens, held.InputFeatures, held.HasTokens);
        Compare("targets", training.TargetFeatures, training.HasClasses, held.TargetFeatures, held.HasClasses);
        problems.ThrowIfAny();

        void Compare(string what, int features, bool isWhole, int otherFeatures, bool otherIsWhole)
        {
            if (features != otherFeatures || isWhole != otherIsWhole)
            {
                problems.Add(DataKeys.Source, $"{what} of {Text(otherFeatures, otherIsWhole)} in {path}",
                    $"{Text(features, isWhole)}, as in what is trained on", "save both alike");
            }
        }

        static string Text(int features, bool isWhole) => isWhole ? "whole numbers" : $"{Wording.Count(features, "value")} a time step";
    }
}

using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Descriptions;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Preparation;

/// <summary>
/// Data of which files of their own are held out for a part: all of these are evaluated, and the other parts are as they were.
/// </summary>
internal sealed class OwnFiles : IDataSource
{
    private readonly IDataSource _data;
    private readonly IDataSource _held;
    private readonly HeldOutPart _part;

    private readonly string _paths;

    private OwnFiles(IDataSource data, IDataSource held, HeldOutPart part, string paths) =>
        (_data, _held, _part, _paths) = (data, held, part, paths);

    public DataShape Shape => _data.Shape with
    {
        Vocabulary = Math.Max(_data.Shape.Vocabulary, _held.Shape.Vocabulary),
        Classes = Math.Max(_data.Shape.Classes, _held.Shape.Classes),
        IsMasked = _data.Shape.IsMasked || _held.Shape.IsMasked,
    };

    public ISequenceSet Training => _data.Training;

    public ISequenceSet? Validation => _part == HeldOutPart.Validation ? Held : _data.Validation;

    public ISequenceSet? Test => _part == HeldOutPart.Test ? Held : _data.Test;

    public SourceDescription Description
    {
        get
        {
            var all = _data.Description with
            {
                Tokens = _held.Description.Tokens,
                Remarks = [.. _data.Description.Remarks, .. _held.Description.Remarks.Except(_data.Description.Remarks)
                    .Select(remark => $"{(_part == HeldOutPart.Test ? "test" : "validation")}, {_paths}: {remark}")],
            };
            var border = _held.Description.Validation ?? _held.Description.Training;
            return _part == HeldOutPart.Test ? all with { Test = border } : all with { Validation = border };
        }
    }

    private ISequenceSet Held => _held.Validation ?? _held.Training;

    /// <summary>Adds the files that a spec holds out, if it names any, to its data.</summary>
    /// <param name="spec">The spec.</param>
    /// <param name="opened">Opens the files.</param>
    /// <param name="training">What is trained on; closed where this fails.</param>
    /// <exception cref="SpecException">The files are not fit; carries every mistake found.</exception>
    public static IDataSource AddTo(RunSpec spec, InputFiles opened, IDataSource training)
    {
        IDataSource data = training;
        foreach (var part in Enum.GetValues<HeldOutPart>())
        {
            if (spec.Data.Of(part)?.Source is not { } other)
                continue;
            IDataSource? held = null;
            try
            {
                var complete = (OpenableSource)SpecResolver.Complete(spec, training.Description).Data.Source;
                var source = complete.WithFilesOf((OpenableSource)other);
                var all = spec.Data with { Source = source, ValidationFraction = 0, Validation = null, Test = null };
                held = source.OpenHeldOut(spec with { Data = all }, opened, training);
                CheckShape(training.Shape, held.Shape, string.Join(", ", other.Paths));
                data = new OwnFiles(data, held, part, string.Join(", ", other.Paths));
            }
            catch (SpecException error)
            {
                held?.Dispose();
                data.Dispose();
                string key = DataKeys.HeldOut(part, "source");
                throw new SpecException([.. error.Problems.Select(problem => AtItsKey(problem, key, string.Join(", ", other.Paths)))]);
            }
        }

        return data;
    }

    /// <summary>A mistake at the key that names the files; one of a key that both sources have names them.</summary>
    private static SpecProblem AtItsKey(SpecProblem problem, string key, string paths) => problem.Key == DataKeys.Source
        ? problem with { Key = key }
        : problem with { Key = key, Found = $"{problem.Key} {problem.Found} with {paths}" };

    public void Dispose()
    {
        _data.Dispose();
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

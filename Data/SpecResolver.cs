using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data;

/// <summary>Brings a spec and its data together: fills in what only the data can tell, and refuses what does not fit them.</summary>
public static class SpecResolver
{
    /// <summary>
    /// The most parameters a model may have: 1 GB of weights, as much again of gradients, and two to three times that of optimizer state.
    /// </summary>
    public const long LargestModel = 250_000_000;

    /// <summary>
    /// Fills in <c>model.inputSize</c> (the embedding's size when there is one), <c>model.outputSize</c> and
    /// <c>model.embedding.vocabulary</c> where they were left out, and checks them where not; then the loss, the size of the model and
    /// the tensors of <c>model.initFrom</c>.
    /// </summary>
    /// <returns>The spec with every size filled in as far as that was possible, and all that does not fit; empty when all does.</returns>
    public static (RunSpec Resolved, IReadOnlyList<SpecProblem> Problems) Resolve(RunSpec spec, DataShape shape)
    {
        var problems = new ProblemList();
        ModelSpec model = ResolveOutput(ResolveInput(spec.Model, shape, problems), shape, problems);
        CheckLoss(spec.Train.Loss, shape, problems);
        bool sized = problems.IsEmpty && FitsMemory(model, problems);
        InitialWeights.Check(model, sized, problems);
        return (spec with { Model = model }, problems.ToList());
    }

    private static ModelSpec ResolveInput(ModelSpec model, DataShape shape, ProblemList problems)
    {
        if (model.Embedding is not { } embedding)
        {
            if (!shape.HasTokens)
            {
                Check(DataKeys.InputSize, model.InputSize, shape.InputFeatures, "the width of the inputs", problems);
                return model with { InputSize = model.InputSize ?? shape.InputFeatures };
            }

            problems.Add(
                DataKeys.Embedding, "nothing", $"an embedding, because inputs are tokens ({shape.Vocabulary} of them)",
                "add model.embedding.size");
            return model;
        }

        if (!shape.HasTokens)
        {
            problems.Add(
                DataKeys.Embedding, "an embedding", $"none, because inputs are values ({shape.InputFeatures} a time step)",
                "remove model.embedding");
            return model;
        }

        if (embedding.Vocabulary is { } vocabulary && vocabulary < shape.Vocabulary)
        {
            problems.Add(
                DataKeys.Vocabulary, $"{vocabulary}", $"at least {shape.Vocabulary}, the largest token of the inputs + 1",
                "raise it, or leave it out");
        }

        Check(DataKeys.InputSize, model.InputSize, embedding.Size, "the size of the embedding", problems);
        return model with
        {
            InputSize = model.InputSize ?? embedding.Size,
            Embedding = embedding with { Vocabulary = embedding.Vocabulary ?? shape.Vocabulary },
        };
    }

    private static ModelSpec ResolveOutput(ModelSpec model, DataShape shape, ProblemList problems)
    {
        if (!shape.HasClasses)
        {
            Check(DataKeys.OutputSize, model.OutputSize, shape.TargetFeatures, "the width of the targets", problems);
        }
        else if (model.OutputSize < shape.Classes)
        {
            problems.Add(
                DataKeys.OutputSize, $"{model.OutputSize}", $"at least {shape.Classes}, the largest class of the targets + 1",
                "raise it, or leave it out");
        }

        return model with { OutputSize = model.OutputSize ?? (shape.HasClasses ? shape.Classes : shape.TargetFeatures) };
    }

    private static void Check(string key, int? given, int needed, string what, ProblemList problems)
    {
        if (given is { } size && size != needed)
            problems.Add(key, $"{size}", $"{needed}, {what}", "correct it, or leave it out");
    }

    private static void CheckLoss(LossKind loss, DataShape shape, ProblemList problems)
    {
        if (loss == LossKind.Mse && shape.HasClasses)
            problems.Add(DataKeys.Loss, "mse", $"cross_entropy, because targets are classes ({shape.Classes} of them)", "change it");
        if (loss == LossKind.CrossEntropy && !shape.HasClasses)
        {
            problems.Add(
                DataKeys.Loss, "cross_entropy", $"mse, because targets are values ({shape.TargetFeatures} a time step)", "change it");
        }
    }

    private static bool FitsMemory(ModelSpec model, ProblemList problems)
    {
        Int128 parameters = ParameterLayout.Count(model);
        if (parameters <= LargestModel)
            return true;
        problems.Add(
            DataKeys.Model, FormattableString.Invariant($"{parameters:N0} parameters"),
            FormattableString.Invariant($"at most {LargestModel:N0}"), "lower hiddenSize, layers, or the vocabulary");
        return false;
    }
}

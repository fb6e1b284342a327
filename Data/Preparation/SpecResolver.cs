using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Weights;
using Orleans.Tbptt.Descriptions;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Preparation;

/// <summary>Completes a spec from its data: fills in the sizes that the data determine, and refuses values that do not fit them.</summary>
public static class SpecResolver
{
    /// <summary>
    /// Fills in <c>model.inputSize</c> (the embedding's size when there is one), <c>model.outputSize</c> and
    /// <c>model.embedding.vocabulary</c>, <c>model.embeddings</c> and <c>model.classes</c> where they are left out, and checks them
    /// otherwise; then checks the loss, the size of the model and the tensors of <c>model.initFrom</c>.
    /// </summary>
    /// <param name="spec">The spec.</param>
    /// <param name="shape">The sizes of the data.</param>
    /// <param name="read">What the source said of its data.</param>
    /// <param name="opened">Opens the file of initial weights.</param>
    /// <param name="package">The model package that the run begins with; null for none.</param>
    /// <returns>
    /// The spec with the sizes filled in as far as possible; the problems, empty when there are none; and what of the weights is not as
    /// this program writes them, null for nothing.
    /// </returns>
    internal static (RunSpec Resolved, IReadOnlyList<SpecProblem> Problems, string? Weights) Resolve(
        RunSpec spec, DataShape shape, SourceDescription read, InputFiles opened, InitialPackage? package = null)
    {
        var problems = new ProblemList();
        problems.AddIfAny(SpecFit.Embedding(spec, shape.HasTokens));
        ModelSpec model = ResolveOutput(ResolveInput(spec.Model, shape, problems), spec.Train.Loss, shape, problems);
        problems.AddIfAny(SpecFit.Loss(spec, shape.HasClasses));
        if (problems.IsEmpty)
            problems.AddIfAny(spec.Train.Loss.Problem(model.OutputSize!.Value));
        if (problems.IsEmpty)
            problems.AddIfAny(SpecFit.Size(model));
        if (problems.IsEmpty)
        {
            problems.AddIfAny(SpecFit.DroppedVectors(model));
            problems.AddIfAny(SpecFit.InitialVectors(model));
            problems.AddIfAny(SpecFit.Tied(model));
        }

        string? weights = InitialWeights.Check(model, sized: problems.IsEmpty, read, opened, problems, package);
        return (spec with { Model = model }, problems.ToList(), weights);
    }

    /// <summary>Fills in the keys of the source that were left out for its data to decide, such as columns.</summary>
    /// <param name="spec">The spec.</param>
    /// <param name="read">What the source said of its data when it was opened.</param>
    public static RunSpec Complete(RunSpec spec, SourceDescription read) =>
        spec with { Data = spec.Data with { Source = ((OpenableSource)spec.Data.Source).Complete(read) } };

    private static ModelSpec ResolveInput(ModelSpec model, DataShape shape, ProblemList problems)
    {
        if ((model.Embedding is not null) != shape.HasTokens)
            return model;
        model = ResolveColumns(model, shape.Categories, problems);
        if (model.Embedding is not { } embedding)
        {
            int width = shape.InputFeatures + model.Embeddings.Pairs.Sum(column => column.Value);
            string what = width == shape.InputFeatures ? "the width of the inputs" : "the inputs and the vectors of columns of classes";
            Check(DataKeys.InputSize, model.InputSize, width, what, problems);
            return model with { InputSize = model.InputSize ?? width };
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

    private static ModelSpec ResolveColumns(ModelSpec model, IReadOnlyList<CategoryShape> columns, ProblemList problems)
    {
        string[] names = [.. columns.Select(column => column.Name)];
        foreach (var (key, name) in model.Embeddings.Pairs.Select(pair => (DataKeys.Embeddings, pair.Key))
            .Concat(model.Classes.Pairs.Select(pair => (DataKeys.Classes, pair.Key))).Where(one => !names.Contains(one.Item2)))
        {
            problems.Add(
                key, Wording.Quote(name), names.Length == 0 ? "no column, because data.categorical names none"
                : $"columns of data.categorical: {Wording.List(names)}", "remove it, or add it there");
        }

        foreach (var column in columns.Where(column => model.Classes.Of(column.Name, column.Classes) < column.Classes))
        {
            problems.Add(
                DataKeys.Classes, $"{model.Classes.Of(column.Name, 0)} of column {Wording.Quote(column.Name)}",
                $"at least {column.Classes}, its classes in the rows to train on and <unknown>", "raise it, or leave it out");
        }

        return columns.Count == 0 ? model : model with
        {
            Classes = new([.. columns.Select(column => KeyValuePair.Create(column.Name, model.Classes.Of(column.Name, column.Classes)))]),
            Embeddings = new(
            [
                .. columns.Select(column =>
                    KeyValuePair.Create(column.Name, model.Embeddings.Of(column.Name, EmbeddingSize.Of(column.Classes)))),
            ]),
        };
    }

    private static ModelSpec ResolveOutput(ModelSpec model, LossSpec loss, DataShape shape, ProblemList problems)
    {
        int values = shape.TargetFeatures * loss.OutputsPerTarget, classes = Math.Max(shape.Classes, 1 + (loss.BlankClass ?? -1));
        if (!shape.HasClasses)
        {
            string what = loss.OutputsPerTarget == 1 ? "the width of the targets"
                : $"{loss.OutputsPerTarget} of loss {loss.Word} for each value of a target";
            Check(DataKeys.OutputSize, model.OutputSize, values, what, problems);
        }
        else if (model.OutputSize < classes)
        {
            problems.Add(
                DataKeys.OutputSize, $"{model.OutputSize}",
                $"at least {classes}, the largest class of the targets{(loss.BlankClass is null ? "" : ", or the blank,")} + 1",
                "raise it, or leave it out");
        }

        return model with { OutputSize = model.OutputSize ?? (shape.HasClasses ? classes : values) };
    }

    private static void Check(string key, int? given, int needed, string what, ProblemList problems)
    {
        if (given is { } size && size != needed)
            problems.Add(key, $"{size}", $"{needed}, {what}", "correct it, or leave it out");
    }
}

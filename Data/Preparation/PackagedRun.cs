using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Data.Weights;
using Orleans.Tbptt.Descriptions;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Preparation;

/// <summary>Opens the data of a run that begins with a model package, as its model's were read.</summary>
internal static class PackagedRun
{
    /// <summary>The size of a vocabulary without a list of tokens, which is one of bytes.</summary>
    private const int Bytes = 256;

    private const string Alone = "name the package's model.safetensors to take the weights alone";

    /// <summary>Opens the data.</summary>
    /// <param name="spec">The run's spec.</param>
    /// <param name="package">The package.</param>
    /// <param name="opened">Opens the files.</param>
    /// <returns>The spec with the sizes and the columns of the package, where it leaves them out; and the data.</returns>
    /// <exception cref="SpecException">They do not fit; carries every mistake found.</exception>
    public static (RunSpec Spec, IDataSource Data) Open(RunSpec spec, InitialPackage package, InputFiles opened)
    {
        var problems = new ProblemList();
        var source = (OpenableSource)spec.Data.Source;
        if (package.Spec.Data.Source is OpenableSource former && former is TableSource == source is TableSource)
            source = source.CompletedFrom(former);
        else
            former = source;
        spec = spec with { Model = SameModel.Sized(spec.Model, package.Spec.Model), Data = spec.Data with { Source = source } };
        var same = new SameModel("the model package", Alone, problems);
        if (former == source || source is not TableSource)
            same.Compare("data.source", spec.Data.Source.Word, package.Spec.Data.Source.Word);
        same.Check(spec, package.Spec);
        problems.ThrowIfAny();
        IDataSource data = source.OpenAs(spec, opened, package.Contents);
        try
        {
            CheckTokens(data, package.Contents, problems);
            problems.ThrowIfAny();
        }
        catch
        {
            data.Dispose();
            throw;
        }

        // Where it fails, it closes what is trained on.
        return (spec, OwnFiles.AddTo(spec, opened, data));
    }

    private static void CheckTokens(IDataSource data, SourceDescription package, ProblemList problems)
    {
        IReadOnlyList<string> then = package.Tokens, now = data.Description.Tokens;
        if (!data.Shape.HasTokens || (data.Shape.Vocabulary == Bytes && then.Count == 0 && now.Count == 0))
            return;
        if (then.Count == 0)
        {
            problems.Add(DataKeys.InitFrom, "a model package without its tokens, which are too many for its config.json", "one with its "
                + "tokens, whose numbers can be compared with those of the data", Alone);
        }
        else if (!now.SequenceEqual(then))
        {
            string? first = now.FirstOrDefault(token => !then.Contains(token)) ?? then.FirstOrDefault(token => !now.Contains(token));
            problems.Add(
                DataKeys.Source, first is null ? "the package's tokens with other numbers"
                    : $"another vocabulary, which differs by {Wording.Quote(first)}",
                "the tokens of the model package, with its numbers",
                $"leave data.vocabulary out, or name the package's tokenizer.json, or {Alone}");
        }
    }
}

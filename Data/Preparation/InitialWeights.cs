using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Weights;
using Orleans.Tbptt.Descriptions;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Preparation;

/// <summary>Checks the file of initial weights that a spec names, without reading the weights.</summary>
internal static class InitialWeights
{
    /// <summary>Adds a problem for an unreadable file, and for every cause by which its tensors are not the model's.</summary>
    /// <param name="model">The model.</param>
    /// <param name="sized">Whether all sizes of the model are known and valid; the tensors are compared only then.</param>
    /// <param name="read">What is trained on; null where it could not be opened.</param>
    /// <param name="opened">Admits the file.</param>
    /// <param name="problems">Collects the problems.</param>
    /// <param name="package">The model package that it is a file of, and that is taken whole; null for weights alone.</param>
    /// <returns>What of the file is not as this program writes it, in one line; null for nothing.</returns>
    public static string? Check(ModelSpec model, bool sized, SourceDescription? read, InputFiles opened, ProblemList problems,
        InitialPackage? package = null)
    {
        if (model.InitFrom is not { } initFrom)
            return null;
        string path = InitialPackage.WeightsOf(initFrom);
        try
        {
            if (opened.Admit(DataKeys.InitFrom, path, problems) is not { } real)
                return null;
            if (!sized)
            {
                WeightFile.ReadHeader(real);
                return null;
            }

            WeightMatch match = WeightFile.Match(real, model);
            problems.AddRange(match.Refusals);
            if (match.Refusals.Count == 0)
                package?.Check(initFrom, model, opened, problems);
            IReadOnlyList<string> unknown = ClassesOfWeights.Compare(
                real, model, read ?? SourceDescription.None, opened.Roots.Admits, problems);
            string[] notes = [.. new[] { package?.Note, match.Note, OrderOfClasses(unknown) }.OfType<string>()];
            return notes.Length == 0 ? null : string.Join("; ", notes);
        }
        catch (SpecException error)
        {
            problems.AddRange(error.Problems);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            problems.AddRange([InputFile.Unreadable(DataKeys.InitFrom, path, error)]);
        }

        return null;
    }

    /// <summary>
    /// Without the run or the package that it belongs to, a file of weights has no names of classes, so that nothing can compare their
    /// order with that of the data.
    /// </summary>
    private static string? OrderOfClasses(IReadOnlyList<string> columns) => columns.Count == 0 ? null
        : $"vectors of {Wording.List(columns)} taken by the numbers of classes, which "
            + "must be those of the data that these weights were trained on (columns.classes in data.json of that run)";
}

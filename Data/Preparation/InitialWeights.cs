using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Safetensors;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Preparation;

/// <summary>Checks the file of initial weights that a spec names, without reading the weights.</summary>
internal static class InitialWeights
{
    /// <summary>Adds a problem for an unreadable file, and for every tensor that is missing, unexpected or of a different shape.</summary>
    /// <param name="model">The model.</param>
    /// <param name="sized">Whether all sizes of the model are known and valid; the tensors are compared only then.</param>
    /// <param name="opened">Admits the file.</param>
    /// <param name="problems">Collects the problems.</param>
    public static void Check(ModelSpec model, bool sized, InputFiles opened, ProblemList problems)
    {
        if (model.InitFrom is not { } path)
            return;
        try
        {
            if (opened.Admit(DataKeys.InitFrom, path, problems) is not { } real)
                return;
            SafetensorsHeader header = SafetensorsFile.ReadHeader(real);
            if (!sized)
                return;
            foreach (TensorMismatch mismatch in header.Compare(ParameterLayout.Of(model).Slots))
            {
                problems.AddInFile(path, () => new(
                    DataKeys.InitFrom, $"{mismatch.Found} in {path}", mismatch.Expected,
                    "use weights of this model, or change the model"));
            }
        }
        catch (SafetensorsException error)
        {
            problems.Add(DataKeys.InitFrom, $"{error.Found} in {path}", error.Expected, "save the weights with safetensors again");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            problems.AddRange([InputFile.Unreadable(DataKeys.InitFrom, path, error)]);
        }
    }
}

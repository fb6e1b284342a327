using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Silo.Web.Models;

/// <summary>There is no such model.</summary>
internal sealed class ModelNotFoundException(string name) : Exception($"no model '{name}' in the run store");

/// <summary>A file of a model package.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Bytes">Its size.</param>
internal sealed record ModelFile(string Name, long Bytes)
{
    /// <summary>The files that a package has, in the order in which they are shown.</summary>
    public static IReadOnlyList<string> Names { get; } =
        [ModelPackage.WeightsFile, ModelPackage.StateFile, ModelPackage.ConfigFile, ModelPackage.CardFile];
}

/// <summary>A model package of the run store.</summary>
/// <param name="Run">The run that has it: the model's name is the run's ID.</param>
/// <param name="Written">When its newest file was written.</param>
/// <param name="Files">Its files, as far as they are there.</param>
internal sealed record ModelEntry(RunDirectory Run, DateTimeOffset Written, IReadOnlyList<ModelFile> Files)
{
    /// <summary>What its configuration says; null where that cannot be read.</summary>
    public ModelConfig? Config { get; init; }

    /// <summary>What is wrong with it, with its place; empty where nothing is known to be.</summary>
    public string Problem { get; init; } = "";

    /// <summary>Its name.</summary>
    public string Name => Run.Id.Text;

    /// <summary>The size of its files.</summary>
    public long Bytes => Files.Sum(file => file.Bytes);

    /// <summary>A file's path.</summary>
    public string PathOf(string file) => Path.Combine(Run.Package, file);
}

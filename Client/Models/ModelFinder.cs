using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Runs;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Client.Models;

/// <summary>Finds the model that a command names: the directory of a package, or a run that has completed.</summary>
internal static class ModelFinder
{
    /// <summary>Reads a model.</summary>
    /// <param name="context">The console.</param>
    /// <param name="runs">The run store.</param>
    /// <param name="name">A directory with a package, a run's ID or a part of it.</param>
    /// <exception cref="ClientException">There is no such model, or it is damaged.</exception>
    public static ModelPackage Find(ConsoleContext context, string runs, string name)
    {
        try
        {
            return File.Exists(Path.Combine(name, ModelPackage.ConfigFile)) || name.Contains(Path.DirectorySeparatorChar)
                ? ModelPackage.Load(name, SpecLoader.Reader)
                : ModelPackage.OfRun(new RunFiles(runs, context.Time).Find(name).Directory, SpecLoader.Reader);
        }
        catch (ModelPackageException exception)
        {
            throw new ClientException(Text.OneLine(exception.Message), ExitCode.Failed, exception);
        }
    }
}

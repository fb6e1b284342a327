namespace Orleans.Tbptt.Training.Engines;

/// <summary>Loads engines in separate assemblies on first use: a process that computes with the fused engine maps none of them.</summary>
public static class EngineLibraries
{
    /// <summary>Loads an engine's assembly from the program's folder.</summary>
    /// <param name="assembly">The assembly's name, which is also its root namespace.</param>
    /// <param name="type">The class that implements <see cref="IEngineLibrary"/>.</param>
    /// <param name="name">The engine's name in messages.</param>
    /// <exception cref="EngineUnavailableException">The assembly is missing or damaged, or its version differs.</exception>
    internal static IEngineLibrary Load(string assembly, string type, string name)
    {
        try
        {
            return (IEngineLibrary)Activator.CreateInstance(Type.GetType($"{assembly}.{type}, {assembly}", throwOnError: true)!)!;
        }
        catch (Exception problem)
            when (problem is IOException or BadImageFormatException or TypeLoadException or InvalidCastException or MissingMethodException)
        {
            throw new EngineUnavailableException(
                $"{name} cannot be loaded: {assembly}.dll is missing or damaged, or its version differs from this program's; build or " +
                "publish again, or use engine: fused",
                problem);
        }
    }
}

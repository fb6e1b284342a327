using System.Globalization;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Tests.Chaos.Harness;

/// <summary>The checkpoints that lie in a run's directory, by their names <c>generation-step</c>.</summary>
internal static class Checkpoints
{
    /// <summary>The names of whole directories, oldest first.</summary>
    /// <param name="run">The run.</param>
    /// <param name="under">Only of generations before this one.</param>
    public static IReadOnlyList<string> Of(RunDirectory run, int under = int.MaxValue) => !Directory.Exists(run.Checkpoints) ? [] :
    [
        .. Directory.EnumerateDirectories(run.Checkpoints).Select(path => Path.GetFileName(path)!)
            .Where(name => !name.StartsWith('.') && Generation(name) < under)
            .OrderBy(Generation).ThenBy(Step),
    ];

    /// <summary>The directory of the newest one.</summary>
    public static string Newest(RunDirectory run) => Path.Combine(run.Checkpoints, Of(run)[^1]);

    /// <summary>The generation in a checkpoint's name.</summary>
    public static int Generation(string name) => int.Parse(name.Split('-')[0], CultureInfo.InvariantCulture);

    /// <summary>The committed steps in a checkpoint's name.</summary>
    public static long Step(string name) => long.Parse(name.Split('-')[1], CultureInfo.InvariantCulture);
}

using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Client.Models;

/// <summary>Files that commands read a model's data from, and write its results to.</summary>
internal static class ModelData
{
    /// <summary>
    /// Opens the file of <c>--input</c>: what is wrong with it is said of the file, because the model's spec cannot be changed.
    /// </summary>
    /// <exception cref="ClientException">It is a directory.</exception>
    /// <exception cref="SpecException">It cannot be read as the model's data were; carries every mistake found.</exception>
    public static T Open<T>(string input, Func<T> open)
    {
        if (Directory.Exists(input))
            throw new ClientException($"--input: found the directory {Text.OneLine(input)}, expected a file", ExitCode.Usage);
        try
        {
            return open();
        }
        catch (SpecException exception)
        {
            // A column that is input and target is missing once.
            var problems = exception.Problems.Where(problem => problem.Key != "data.targets"
                || exception.Problems.All(other => other.Key != "data.inputs"));
            throw new SpecException([.. problems.Select(problem => problem with
            {
                Key = $"--input {Text.OneLine(input)}",
                Remedy = problem.Key == "data.source" ? problem.Remedy
                    : "change the file: the model takes columns as those of its training",
            })]);
        }
    }

    /// <summary>Writes a file under another name, and gives it its own when it is whole.</summary>
    /// <param name="path">The file.</param>
    /// <param name="force">Whether it may be replaced.</param>
    /// <param name="write">Writes it under the name that it gets.</param>
    /// <exception cref="ClientException">It cannot be written.</exception>
    public static void Write(string path, bool force, Action<string> write)
    {
        string unfinished = $"{path}.{Guid.NewGuid():N}";
        try
        {
            write(unfinished);
            File.Move(unfinished, path, force);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ClientException($"cannot write {Text.OneLine(path)}: {Text.OneLine(exception.Message)}", ExitCode.Failed, exception);
        }
        finally
        {
            File.Delete(unfinished);
        }
    }

    /// <summary>Refuses a file that exists, unless it may be replaced, one that has no directory, and one that is read as well.</summary>
    /// <param name="option">The option that names it.</param>
    /// <param name="path">The file.</param>
    /// <param name="force">Whether it may be replaced.</param>
    /// <param name="others">Files that it must not be; null for none.</param>
    /// <exception cref="ClientException">It is refused.</exception>
    public static void CheckOutput(string option, string path, bool force, params string?[] others)
    {
        string full = Path.GetFullPath(path);
        if (others.FirstOrDefault(other => other is not null && Path.GetFullPath(other) == full) is { } same)
        {
            throw new ClientException(
                $"{option}: found {Text.OneLine(same)}, which another option names, expected a file of its own", ExitCode.Usage);
        }

        if (Directory.Exists(full))
            throw new ClientException($"{option}: found the directory {Text.OneLine(path)}, expected a file", ExitCode.Usage);
        if (Path.GetDirectoryName(full) is { } directory && !Directory.Exists(directory))
        {
            throw new ClientException(
                $"{option}: found no directory {Text.OneLine(directory)}, expected one for {Text.OneLine(Path.GetFileName(path))}; "
                + "create it", ExitCode.Usage);
        }

        if (!force && File.Exists(full))
        {
            throw new ClientException(
                $"{Text.OneLine(path)}: found an existing file, expected none; --force overwrites it, or name another", ExitCode.Failed);
        }
    }
}

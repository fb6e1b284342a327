using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>Opens tables.</summary>
internal static class TableOpening
{
    /// <summary>Reads a table, and words what is wrong with it.</summary>
    /// <param name="path">The path in the spec, for messages.</param>
    /// <param name="table">Opens the table.</param>
    /// <param name="open">Reads it.</param>
    /// <exception cref="SpecException">It cannot be read; carries every mistake found.</exception>
    public static T Open<T>(string path, Func<TableReader> table, Func<TableReader, ProblemList, T> open)
    {
        var problems = new ProblemList();
        try
        {
            using TableReader reader = table();
            return open(reader, problems);
        }
        catch (TableFormatException error)
        {
            problems.AddRange([error.Problem]);
        }
        catch (TemporaryFileException error)
        {
            problems.Add(
                DataKeys.Source, $"no room for the table of {path} ({error.Message})", "a directory for temporary files that has room",
                "free some, or set TMPDIR to another directory");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            problems.AddRange([InputFile.Unreadable(DataKeys.Source, path, error)]);
        }

        throw new SpecException(problems.ToList());
    }
}

using Microsoft.Win32.SafeHandles;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Problems;

/// <summary>Opens files that a spec names, for reads at explicit positions from any thread.</summary>
internal static class InputFile
{
    /// <summary>Opens a file of data for random access; null with a problem when that fails.</summary>
    public static SafeFileHandle? TryOpen(string path, ProblemList problems)
    {
        try
        {
            if (Directory.Exists(path))
            {
                problems.Add(DataKeys.Source, $"a directory, '{path}'", "a file", "name a file in it");
                return null;
            }

            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, FileOptions.RandomAccess);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            problems.AddRange([Unreadable(DataKeys.Source, path, error)]);
            return null;
        }
    }

    /// <summary>The problem of a missing file or of a file system error.</summary>
    public static SpecProblem Unreadable(string key, string path, Exception error) => error switch
    {
        FileNotFoundException or DirectoryNotFoundException => new(
            key, $"no file '{path}'", "a file that this machine can read", "check the path, and that every silo sees the same files"),
        UnauthorizedAccessException => new(
            key, $"no permission to read '{path}'", "a file that this machine can read", "grant this process's user permission to read it"),
        _ => new(
            key, $"'{path}', which cannot be read ({error.Message})", "a file that this machine can read", "check the file and its disk"),
    };

    /// <summary>Fills <paramref name="destination"/> from <paramref name="offset"/> on.</summary>
    /// <exception cref="IOException">The file ends sooner: it was cut short after it was opened.</exception>
    public static void ReadExactly(SafeFileHandle file, string path, long offset, Span<byte> destination)
    {
        while (destination.Length > 0)
        {
            int read = RandomAccess.Read(file, destination, offset);
            if (read == 0)
                throw new IOException($"'{path}' ends at byte {offset}: it became shorter after it was opened");
            offset += read;
            destination = destination[read..];
        }
    }
}

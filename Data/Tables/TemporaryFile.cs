using Microsoft.Win32.SafeHandles;
using Orleans.Tbptt.Data.Problems;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>A temporary file cannot be created or written.</summary>
internal sealed class TemporaryFileException(Exception cause) : Exception(cause.Message, cause);

/// <summary>
/// A file in the directory for temporary files, with reads and writes at explicit positions. Where the system can, it has no name: it
/// disappears even when the process is killed.
/// </summary>
internal sealed class TemporaryFile : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"tbptt-{Guid.NewGuid():N}.table");
    private readonly SafeFileHandle _file;

    /// <summary>Creates it.</summary>
    /// <exception cref="TemporaryFileException">There is no room, or no permission.</exception>
    public TemporaryFile()
    {
        try
        {
            _file = File.OpenHandle(
                _path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete,
                FileOptions.DeleteOnClose | FileOptions.RandomAccess);

            // Except on Windows, an open file needs no name.
            if (!OperatingSystem.IsWindows())
                File.Delete(_path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TemporaryFileException(error);
        }
    }

    /// <summary>Writes bytes.</summary>
    /// <exception cref="TemporaryFileException">There is no room.</exception>
    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        try
        {
            RandomAccess.Write(_file, bytes, offset);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TemporaryFileException(error);
        }
    }

    /// <summary>Fills <paramref name="destination"/>.</summary>
    public void Read(long offset, Span<byte> destination) => InputFile.ReadExactly(_file, _path, offset, destination);

    public void Dispose() => _file.Dispose();
}

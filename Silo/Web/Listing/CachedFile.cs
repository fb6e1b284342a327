using System.Text.Json;
using Orleans.Tbptt.Cluster.Wording;

namespace Orleans.Tbptt.Silo.Web.Listing;

/// <summary>A file's content, until its time or size changes.</summary>
/// <param name="Written">When it was last written.</param>
/// <param name="Length">Its size in bytes.</param>
/// <param name="Value">What was last read of it; null where nothing could be.</param>
/// <param name="Problem">Why it cannot be read, with its path; null where it can.</param>
internal sealed record CachedFile<T>(DateTime Written, long Length, T? Value, string? Problem) where T : class
{
    /// <summary>A file that nobody has looked at.</summary>
    public static CachedFile<T> Nothing { get; } = new(default, Unread, null, null);

    private const int Missing = -1, Unread = -2;

    /// <summary>The file as it is now: read again where its time or size has changed.</summary>
    /// <param name="path">The file.</param>
    /// <param name="read">Reads it; also called, once, where there is none.</param>
    public CachedFile<T> Look(string path, Func<T?> read)
    {
        var file = new FileInfo(path);
        var (written, length) = file.Exists ? (file.LastWriteTimeUtc, file.Length) : (default, Missing);
        if (written == Written && length == Length)
            return this;
        try
        {
            return new(written, length, read(), null);
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            return new(written, length, Value, $"{path}: {Text.OneLine(exception.Message)}");
        }
    }
}

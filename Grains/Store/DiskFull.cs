namespace Orleans.Tbptt.Grains.Store;

/// <summary>Distinguishes a full disk, which can be cleared while a run continues, from other failures.</summary>
internal static class DiskFull
{
    // errno of Linux; .NET hands them through as the exception's HResult.
    private const int NoSpace = 28;
    private const int QuotaExceeded = 122;

    /// <summary>Whether a file could not be written because there is no room for it.</summary>
    public static bool Is(IOException exception) => exception.HResult is NoSpace or QuotaExceeded;
}

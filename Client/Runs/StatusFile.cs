using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Runs;

/// <summary>Reads a run's status file, which silos may be writing at the same time.</summary>
internal static class StatusFile
{
    /// <summary>The last written status; null where there is no readable one.</summary>
    public static RunStatus? Read(RunDirectory directory)
    {
        try
        {
            return directory.ReadStatus();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

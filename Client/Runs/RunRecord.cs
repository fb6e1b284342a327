using System.Text.Json;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Runs;

/// <summary>What a run's own files say of it, while silos may be writing them.</summary>
internal static class RunRecord
{
    /// <summary>The last written status; null where there is none that can be read.</summary>
    public static RunStatus? Read(RunDirectory directory)
    {
        try
        {
            return directory.ReadStatus();
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

using Orleans.Tbptt.Client.Watching;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Protocol;

namespace Orleans.Tbptt.Client.Connecting;

/// <summary>The first call to every cluster: checks that it answers and that its protocol version matches this program's.</summary>
/// <param name="time">The clock.</param>
/// <param name="limits">Timeouts and retry intervals.</param>
internal sealed class VersionCheck(TimeProvider time, WatchLimits limits)
{
    /// <summary>Asks the cluster what it is.</summary>
    /// <param name="runs">Its grains.</param>
    /// <param name="cluster">The cluster, for messages.</param>
    /// <param name="cancellation">Cancels the operation.</param>
    /// <exception cref="OtherVersionException">Its version differs.</exception>
    /// <exception cref="ClientException">The cluster does not answer in time.</exception>
    public async Task<ClusterReport> VerifyAsync(IRunService runs, string cluster, CancellationToken cancellation)
    {
        long began = time.GetTimestamp();
        while (true)
        {
            try
            {
                var left = limits.VersionCheck - time.GetElapsedTime(began);
                var report = await runs.DescribeAsync().WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, time, cancellation);
                return report.Protocol == ProtocolVersion.Current ? report : throw VersionMismatch(cluster, report);
            }
            catch (Exception exception) when (exception is not ClientException && !cancellation.IsCancellationRequested)
            {
                bool isOut = time.GetElapsedTime(began) >= limits.VersionCheck;
                if (!IsTransient(exception))
                    throw VersionTooOld(cluster, exception);
                if (isOut)
                    throw new ClientException(
                        $"{cluster} did not answer within {limits.VersionCheck.TotalSeconds:0} s: {Text.OneLine(exception.Message)}",
                        ExitCode.Unreachable, exception);
            }

            await Task.Delay(limits.Poll, time, cancellation);
        }
    }

    /// <summary>Whether the call failed to arrive, for instance because the silo has just died; any other failure is an answer.</summary>
    private static bool IsTransient(Exception exception) => exception is TimeoutException or OrleansException or IOException;

    private static OtherVersionException VersionMismatch(string cluster, ClusterReport report) => new(
        $"{cluster} speaks protocol {report.Protocol} (version {Text.OneLine(report.Version)}), this tbptt speaks " +
        $"{ProtocolVersion.Current} "
        + $"(version {ProtocolVersion.Product}); use the tbptt of the cluster's version");

    private static OtherVersionException VersionTooOld(string cluster, Exception exception) => new(
        $"{cluster} does not know this program's version check, so its version differs from {ProtocolVersion.Product} (protocol "
        + $"{ProtocolVersion.Current}), most likely an older one; use the tbptt of the cluster's version: "
        + $"{Text.OneLine(exception.Message)}", exception);
}

/// <summary>The cluster answers, but its version differs from this program's.</summary>
internal sealed class OtherVersionException(string message, Exception? inner = null)
    : ClientException(message, Client.ExitCode.Unreachable, inner);

using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Client.Watching;
using Orleans.Tbptt.Protocol;

namespace Orleans.Tbptt.Client.Connecting;

/// <summary>The first call to every cluster: whether anybody answers, and speaks as this program does.</summary>
/// <param name="time">The clock.</param>
/// <param name="limits">How patient to be.</param>
internal sealed class Greeting(TimeProvider time, WatchLimits limits)
{
    /// <summary>Asks the cluster what it is.</summary>
    /// <param name="runs">Its grains.</param>
    /// <param name="cluster">The cluster, for messages.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="ClientException">Nobody answers in time, or a cluster of another version does.</exception>
    public async Task<ClusterReport> ExchangeAsync(IRunService runs, string cluster, CancellationToken cancellation)
    {
        long began = time.GetTimestamp();
        while (true)
        {
            try
            {
                var left = limits.Greeting - time.GetElapsedTime(began);
                var report = await runs.DescribeAsync().WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, time, cancellation);
                return report.Protocol == ProtocolVersion.Current ? report : throw OtherVersion(cluster, report);
            }
            catch (Exception exception) when (exception is not ClientException && !cancellation.IsCancellationRequested)
            {
                bool isOut = time.GetElapsedTime(began) >= limits.Greeting;
                if (!IsOnTheWay(exception))
                    throw Older(cluster, exception);
                if (isOut)
                    throw new ClientException(
                        $"{cluster} did not answer within {limits.Greeting.TotalSeconds:0} s: {Text.OneLine(exception.Message)}", ExitCode.Unreachable, exception);
            }

            await Task.Delay(limits.Poll, time, cancellation);
        }
    }

    /// <summary>Whether the call did not come through, such as to a silo that has just died; anything else is an answer.</summary>
    private static bool IsOnTheWay(Exception exception) => exception is TimeoutException or OrleansException or IOException;

    private static ClientException OtherVersion(string cluster, ClusterReport report) => new(
        $"{cluster} speaks protocol {report.Protocol} (version {Text.OneLine(report.Version)}), this tbptt speaks {ProtocolVersion.Current} "
        + $"(version {ProtocolVersion.Product}); use the tbptt of the cluster's version",
        ExitCode.Unreachable);

    private static ClientException Older(string cluster, Exception exception) => new(
        $"{cluster} does not know this program's first question, so it is of another version than {ProtocolVersion.Product} (protocol "
        + $"{ProtocolVersion.Current}), an older one most likely; use the tbptt of the cluster's version: {Text.OneLine(exception.Message)}",
        ExitCode.Unreachable, exception);
}

using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Orleans.Connections.Security;

namespace Orleans.Tbptt.Silo.Hosting;

/// <summary>
/// Reports the address of each peer whose TLS handshake failed. Orleans logs the reason, but not whose connection it was.
/// </summary>
internal sealed partial class RefusedPeers(ILogger<RefusedPeers> logger)
{
    /// <summary>Adds the report to a listener's connections; has to come before TLS.</summary>
    public void Report(IConnectionBuilder connections) => connections.Use(next => async connection =>
    {
        await next(connection);
        // Set by the handshake, and by nothing else.
        if (connection.Features.Get<ITlsApplicationProtocolFeature>() is null)
            LogRefused(logger, connection.RemoteEndPoint?.ToString());
    });

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "A connection from {Peer} was refused: no TLS handshake with a certificate of this cluster's authority")]
    private static partial void LogRefused(ILogger logger, string? peer);
}

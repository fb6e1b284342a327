using System.IO.Pipelines;
using System.Net.Security;
using System.Security.Authentication;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Orleans.Tbptt.Cluster.Security;

/// <summary>Secures Orleans' connections: both sides show a certificate before the first byte of a message passes.</summary>
public sealed partial class TlsTransport(TlsIdentity identity, TimeProvider time, ILogger<TlsTransport> logger)
{
    /// <summary>A peer that has not shown its certificate after this long is let go: it must not hold a connection for ever.</summary>
    public static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(5);

    private static readonly StreamPipeReaderOptions Reading = new(bufferSize: 64 * 1024, leaveOpen: true);
    private static readonly StreamPipeWriterOptions Writing = new(minimumBufferSize: 64 * 1024, leaveOpen: true);

    /// <summary>Secures connections that peers open to this program.</summary>
    public void Accept(IConnectionBuilder connections) => connections.Use(next => async connection =>
    {
        await using var secured = await TryAcceptAsync(connection);
        if (secured is null)
            connection.Abort();
        else
            await RunAsync(connection, secured, next);
    });

    /// <summary>Secures connections that this program opens.</summary>
    public void Open(IConnectionBuilder connections) => connections.Use(next => async connection =>
    {
        await using var secured = new SslStream(new DuplexStream(connection.Transport));
        await ShakeHandsAsync(cancellation => secured.AuthenticateAsClientAsync(identity.ForOpened(), cancellation), connection);
        await RunAsync(connection, secured, next);
    });

    private async Task<SslStream?> TryAcceptAsync(ConnectionContext connection)
    {
        var secured = new SslStream(new DuplexStream(connection.Transport));
        try
        {
            await ShakeHandsAsync(cancellation => secured.AuthenticateAsServerAsync(identity.ForAccepted(), cancellation), connection);
            return secured;
        }
        catch (Exception exception) when (exception is AuthenticationException or IOException or TimeoutException or InvalidOperationException)
        {
            LogRefused(logger, connection.RemoteEndPoint?.ToString(), exception.Message);
            await secured.DisposeAsync();
            return null;
        }
    }

    private async Task ShakeHandsAsync(Func<CancellationToken, Task> shakeHands, ConnectionContext connection)
    {
        using var timeout = new CancellationTokenSource(HandshakeTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, connection.ConnectionClosed);
        try
        {
            await shakeHands(either.Token);
        }
        catch (OperationCanceledException exception)
        {
            throw timeout.IsCancellationRequested
                ? new TimeoutException($"no certificate within {HandshakeTimeout.TotalSeconds:0} s", exception)
                : new IOException("the peer went away", exception);
        }
    }

    private static async Task RunAsync(ConnectionContext connection, SslStream secured, ConnectionDelegate next)
    {
        var plain = connection.Transport;
        connection.Transport = new Pipes(PipeReader.Create(secured, Reading), PipeWriter.Create(secured, Writing));
        try
        {
            await next(connection);
        }
        finally
        {
            connection.Transport = plain;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A connection from {Peer} was refused: {Reason}")]
    private static partial void LogRefused(ILogger logger, string? peer, string reason);

    private sealed record Pipes(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}

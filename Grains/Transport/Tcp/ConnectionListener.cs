using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Transport.Tcp;

/// <summary>
/// Accepts connections from coordinators on other silos, at a port that is opened when the first is asked for, and serves each on its
/// own thread until its run has no trainer here any more.
/// </summary>
internal sealed partial class ConnectionListener : IDisposable
{
    /// <summary>Connections that have not shown a key yet; more than that are closed at once.</summary>
    private const int MaxPendingHandshakes = 32;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly Lock _gate = new();
    private readonly ManualResetEventSlim _ended = new();
    private readonly ConcurrentDictionary<FrameStream, RunId> _open = [];
    private readonly IPAddress _address;
    private readonly bool _isOn;
    private readonly TcpServer _server;
    private readonly ConnectionAdmission _admission;
    private readonly ILogger<ConnectionListener> _logger;
    private Socket? _listener;
    private bool _disposed;
    private int _handshakes;

    /// <summary>Does not listen yet.</summary>
    public ConnectionListener(
        IOptions<EndpointOptions> endpoints, IOptions<TbpttGrainsOptions> options, TcpServer server, IChannelSecurity security,
        SiloOccupants occupants, TimeProvider time, ILogger<ConnectionListener> logger)
    {
        (_server, _admission, _logger) = (server, new(security, time), logger);
        _address = endpoints.Value.SiloListeningEndpoint?.Address ?? endpoints.Value.AdvertisedIPAddress;
        _isOn = options.Value.DirectSteps;
        occupants.LastTrainerLeft += Close;
    }

    /// <summary>Allows one connection of a run.</summary>
    /// <returns>Null where this silo takes none.</returns>
    public ConnectionOffer? Offer(RunId run) => _isOn && Listen() is { } port ? new(port, _admission.GiveKey(run)) : null;

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _ended.Set();
            _listener?.Dispose();
        }

        foreach (var connection in _open.Keys)
            connection.Dispose();
    }

    private int? Listen()
    {
        lock (_gate)
        {
            if (_disposed)
                return null;
            if (_listener is null)
            {
                var listener = new Socket(_address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
                try
                {
                    listener.Bind(new IPEndPoint(_address, 0));
                    listener.Listen();
                }
                catch
                {
                    listener.Dispose();
                    throw;
                }

                _listener = listener;
                Start("step connections", () => Accept(listener));
            }

            return ((IPEndPoint)_listener.LocalEndPoint!).Port;
        }
    }

    private void Accept(Socket listener)
    {
        while (true)
        {
            Socket socket;
            try
            {
                socket = listener.Accept();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                if (_disposed)
                    return;
                LogNotAccepted(e);

                // For example where no handle is left: it does not help to try again at once.
                _ended.Wait(Pause);
                continue;
            }

            if (Interlocked.Increment(ref _handshakes) > MaxPendingHandshakes || !TryStart(() => Serve(socket)))
            {
                Interlocked.Decrement(ref _handshakes);
                socket.Dispose();
            }
        }
    }

    private bool TryStart(ThreadStart run)
    {
        try
        {
            Start("step connection", run);
            return true;
        }
        catch (Exception e) when (e is OutOfMemoryException or ThreadStartException)
        {
            LogNotAccepted(e);
            return false;
        }
    }

    private void Serve(Socket socket)
    {
        FrameStream? frames = null;
        string peer = $"{socket.RemoteEndPoint}";
        try
        {
            var (stream, run) = Admit(socket);
            frames = new(stream);

            // Before the other end knows that it is accepted, so that Close finds it.
            _open[frames] = run;
            stream.WriteByte(ChannelSocket.Welcome);
            if (!_disposed)
                _server.Serve(run, frames);
        }
#pragma warning disable CA1031 // Whatever it is, it ends this connection and nothing else; the coordinator asks by message.
        catch (Exception e)
#pragma warning restore CA1031
        {
            if (!_disposed)
                LogEnded(peer, e.Message);
        }
        finally
        {
            if (frames is not null)
                _open.TryRemove(frames, out _);
            frames?.Dispose();
            socket.Dispose();
        }
    }

    private (Stream Stream, RunId Run) Admit(Socket socket)
    {
        try
        {
            return _admission.Admit(socket);
        }
        finally
        {
            Interlocked.Decrement(ref _handshakes);
        }
    }

    private void Close(RunId run)
    {
        foreach (var (connection, _) in _open.Where(one => one.Value == run))
            connection.Dispose();
    }

    /// <summary>Without the caller's execution context, because its span would be every later step's.</summary>
    private static void Start(string name, ThreadStart run) => new Thread(run) { Name = name, IsBackground = true }.UnsafeStart();

    [LoggerMessage(Level = LogLevel.Information, Message = "The step connection from {Peer} has ended: {Reason}")]
    private partial void LogEnded(string peer, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A step connection could not be accepted")]
    private partial void LogNotAccepted(Exception exception);
}

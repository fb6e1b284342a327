using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Orleans.Tbptt.Benchmarks.Hostile;

/// <summary>Connections that no honest client makes.</summary>
internal sealed class Connections : IDisposable
{
    private readonly List<Socket> _sockets = [];

    /// <summary>Opens event streams that nobody reads.</summary>
    public async Task WatchAsync(IPEndPoint web, string path, int count)
    {
        byte[] request = Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: {web}\r\nAccept: text/event-stream\r\n\r\n");
        for (int i = 0; i < count; i++)
            await (await ConnectAsync(web)).SendAsync(request);
    }

    /// <summary>Opens requests that never end, and sends one byte of each every second until cancelled.</summary>
    public async Task HalfRequestsAsync(IPEndPoint web, int count, CancellationToken end)
    {
        byte[] begin = Encoding.ASCII.GetBytes($"GET /api/runs HTTP/1.1\r\nHost: {web}\r\nX-Slow: ");
        for (int i = 0; i < count; i++)
            await (await ConnectAsync(web)).SendAsync(begin);
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        while (await timer.WaitForNextTickAsync(end).AsTask().ContinueWith(tick => tick.IsCompletedSuccessfully, TaskScheduler.Default))
        {
            foreach (var socket in _sockets)
                await TrySendAsync(socket, "x"u8.ToArray());
        }
    }

    /// <summary>Opens connections one after another, sends bytes that mean nothing, and closes them.</summary>
    /// <param name="to">The ports, in turn.</param>
    /// <param name="count">How many in all.</param>
    /// <param name="time">Over how long, evenly; zero for as fast as the ports take them.</param>
    /// <param name="end">Stops sooner.</param>
    public static async Task JunkAsync(IReadOnlyList<IPEndPoint> to, int count, TimeSpan time, CancellationToken end)
    {
        byte[] junk = new byte[64];
        var random = new Random(1);
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < count && !end.IsCancellationRequested; i++)
        {
            if (time * i / count - Stopwatch.GetElapsedTime(start) is { Ticks: > 0 } early)
                await Task.Delay(early, end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            random.NextBytes(junk);
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(to[i % to.Count], end);
            }
            catch (Exception exception) when (exception is SocketException or OperationCanceledException)
            {
                continue;
            }

            await TrySendAsync(socket, junk);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var socket in _sockets)
            socket.Dispose();
    }

    private async Task<Socket> ConnectAsync(IPEndPoint to)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 1 << 12 };
        _sockets.Add(socket);
        await socket.ConnectAsync(to);
        return socket;
    }

    private static async Task TrySendAsync(Socket socket, byte[] bytes)
    {
        try
        {
            await socket.SendAsync(bytes);
        }
        catch (SocketException)
        {
            // The silo has closed it.
        }
    }
}

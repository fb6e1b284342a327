using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Security.Cryptography;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Transport.Tcp;

/// <summary>Who gets in: a connection has to begin with a key that was given out for it over the cluster's own connections.</summary>
internal sealed class ConnectionAdmission(IChannelSecurity security, TimeProvider time)
{
    /// <summary>How long a key is good.</summary>
    internal static readonly TimeSpan KeyLife = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, (RunId Run, long Since)> _keys = [];

    /// <summary>Gives out a key for one connection of a run.</summary>
    public byte[] GiveKey(RunId run)
    {
        foreach (var (old, entry) in _keys)
        {
            if (time.GetElapsedTime(entry.Since) > KeyLife)
                _keys.TryRemove(old, out _);
        }

        byte[] key = RandomNumberGenerator.GetBytes(ChannelSocket.KeyBytes);
        _keys[Convert.ToHexString(key)] = (run, time.GetTimestamp());
        return key;
    }

    /// <summary>Secures a connection and reads its key, which is then used up.</summary>
    /// <returns>The secured stream, and the run that the key was given out for.</returns>
    /// <exception cref="Exception">It did not show a good key in time; nothing of it is left open.</exception>
    public (Stream Stream, RunId Run) Admit(Socket socket)
    {
        Stream? stream = null;
        using var patience = time.CreateTimer(_ => socket.Dispose(), null, ChannelSocket.Patience, Timeout.InfiniteTimeSpan);
        try
        {
            stream = security.Accept(ChannelSocket.Stream(socket));
            byte[] key = new byte[ChannelSocket.KeyBytes];
            stream.ReadExactly(key);
            if (!_keys.TryRemove(Convert.ToHexString(key), out var entry) || time.GetElapsedTime(entry.Since) > KeyLife)
                throw new InvalidDataException("it did not show a key that was given out");
            ChannelSocket.WaitForEver(stream);
            return (stream, entry.Run);
        }
        catch
        {
            stream?.Dispose();
            throw;
        }
    }
}

namespace Orleans.Tbptt.Messages;

/// <summary>Is notified of what buffers take on the wire. Called by the thread that writes or reads a message.</summary>
public interface IBufferTraffic
{
    /// <summary>A buffer was written into a message to another process.</summary>
    /// <param name="bytes">Its bytes.</param>
    void OnSent(long bytes);

    /// <summary>A buffer was read from a message of another process.</summary>
    /// <param name="bytes">Its bytes.</param>
    void OnReceived(long bytes);
}

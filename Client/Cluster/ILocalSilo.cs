using Orleans.Tbptt.Cluster.Local;

namespace Orleans.Tbptt.Client.Cluster;

/// <summary>A silo that this console started, as the calls over its pipes see it.</summary>
internal interface ILocalSilo
{
    /// <summary>Completes when the process has ended.</summary>
    Task Exited { get; }

    /// <summary>Sends a call and waits for its reply, as long as the process lives.</summary>
    /// <exception cref="IOException">The silo has ended, or ends before it replies.</exception>
    Task<LocalReply> AskAsync(LocalCall call);
}

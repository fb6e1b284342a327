using System.Runtime.InteropServices;
using Orleans.Tbptt.Silo.Configuration;

namespace Orleans.Tbptt.Silo.Lifetime;

/// <summary>The request that this silo end: a signal, the end of the parent's pipe, or the end of its run.</summary>
internal sealed class EndRequest : IDisposable
{
    private readonly CancellationTokenSource _asked = new();
    private readonly List<PosixSignalRegistration> _signals = [];
    private readonly bool _isLocal;

    /// <summary>Listens for the signals that concern a silo of this mode.</summary>
    public EndRequest(SiloMode mode)
    {
        _isLocal = mode == SiloMode.Local;
        Listen(PosixSignal.SIGTERM, ends: true);
        // A terminal sends these to the console and to its silos; only the console reacts.
        bool standing = mode == SiloMode.Standing;
        foreach (var signal in (PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGQUIT, PosixSignal.SIGHUP])
            Listen(signal, ends: standing);
    }

    /// <summary>Cancelled by the request.</summary>
    public CancellationToken Token => _asked.Token;

    /// <summary>Whether the request was a signal, rather than the end of the console or run.</summary>
    public bool IsSignal { get; private set; }

    /// <summary>Requests the end; a repeated request has no effect.</summary>
    public void Ask()
    {
        try
        {
            _asked.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The silo has ended already.
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var signal in _signals)
            signal.Dispose();
        _asked.Dispose();
    }

    private void Listen(PosixSignal signal, bool ends) => _signals.Add(PosixSignalRegistration.Create(signal, context =>
    {
        // The second signal of a kind keeps its default effect and ends the process at once. Not that of a local silo, which the console
        // kills if need be: 'timeout' and service managers send a group its signal more than once, and the run must end properly first.
        context.Cancel = !ends || _isLocal || !_asked.IsCancellationRequested;
        if (!ends)
            return;
        IsSignal |= !_asked.IsCancellationRequested;
        Ask();
    }));
}

using System.Runtime.InteropServices;

namespace Orleans.Tbptt.Client.Context;

/// <summary>
/// Ctrl-C and other signals. The first asks for an orderly end; the second ends everything at once, unless it is the first one's echo.
/// </summary>
/// <param name="exit">Ends this process with an exit code.</param>
/// <param name="signals">The signals that are handled, from <see cref="Listen"/> on.</param>
internal sealed class Interruption(Action<int> exit, params PosixSignal[] signals) : IDisposable
{
    /// <summary>SIGPIPE, which <see cref="PosixSignal"/> does not name and .NET does not deliver.</summary>
    public const PosixSignal BrokenPipe = (PosixSignal)13;

    /// <summary>
    /// Within this time, the same signal again is the same request: <c>timeout</c> signals its child and then the child's group, and
    /// service managers signal every process of a service that passes signals on. Ctrl-C pressed twice is two requests.
    /// </summary>
    internal static readonly TimeSpan Echo = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _asked = new();
    private PosixSignal _first;
    private long _raised;
    private readonly List<PosixSignalRegistration> _registrations = [];

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => _asked.Token;

    /// <summary>The exit code: 128 + the signal's number.</summary>
    public int ExitCode { get; private set; } = Client.ExitCode.Interrupted;

    /// <summary>The cause, for the run's <c>end</c> event.</summary>
    public string Reason { get; private set; } = "";

    /// <summary>Runs before an immediate exit.</summary>
    public Action? AtOnce { get; set; }

    /// <summary>The interruption of this process.</summary>
    public static Interruption OfProcess() => new(Environment.Exit, PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP);

    /// <summary>
    /// Handles the signals from now on. Until a caller observes <see cref="Token"/>, signals keep their default, which ends the process.
    /// </summary>
    public void Listen()
    {
        if (_registrations.Count > 0)
            return;
        foreach (var signal in signals)
        {
            _registrations.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                Raise(signal);
            }));
        }
    }

    /// <summary>A signal came.</summary>
    public void Raise(PosixSignal signal)
    {
        if (_asked.IsCancellationRequested)
        {
            if (signal == _first && signal != PosixSignal.SIGINT && Time.GetElapsedTime(_raised) < Echo)
                return;
            AtOnce?.Invoke();
            exit(ExitCode);
            return;
        }

        (_first, _raised) = (signal, Time.GetTimestamp());
        (ExitCode, Reason) = signal switch
        {
            PosixSignal.SIGTERM => (Client.ExitCode.Terminated, "stopped by SIGTERM"),
            BrokenPipe => (Client.ExitCode.ReaderGone, "stopped because the reader of standard output has gone"),
            PosixSignal.SIGHUP => (Client.ExitCode.HungUp, "stopped because the terminal was closed"),
            _ => (Client.ExitCode.Interrupted, "stopped by Ctrl-C"),
        };
        // Continuations of the token run on another thread: this one must stay free for the second signal.
        _ = _asked.CancelAsync();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var registration in _registrations)
            registration.Dispose();
        _asked.Dispose();
    }
}

using System.Runtime.InteropServices;

namespace Orleans.Tbptt.Client.Train;

/// <summary>
/// Ctrl-C and its like. The first asks for an orderly end; the second ends everything at once.
/// </summary>
/// <param name="exit">Ends this process with an exit code.</param>
/// <param name="signals">The signals of this process that count, from <see cref="Listen"/> on.</param>
internal sealed class Interruption(Action<int> exit, params PosixSignal[] signals) : IDisposable
{
    /// <summary>What a process gets that writes for nobody; .NET has no name for it, and no signal either.</summary>
    public const PosixSignal BrokenPipe = (PosixSignal)13;

    private readonly CancellationTokenSource _asked = new();
    private readonly List<PosixSignalRegistration> _registrations = [];

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => _asked.Token;

    /// <summary>What the program exits with: 128 + the signal's number.</summary>
    public int ExitCode { get; private set; } = Client.ExitCode.Interrupted;

    /// <summary>Who asked, for the run's record.</summary>
    public string Reason { get; private set; } = "";

    /// <summary>What has to be ended before the process may, when there is no time left.</summary>
    public Action? AtOnce { get; set; }

    /// <summary>The interruption of this process.</summary>
    public static Interruption OfProcess() => new(Environment.Exit, PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP);

    /// <summary>
    /// Takes the signals over. Until somebody heeds <see cref="Token"/> they had better do what they do by default, which is to end the process.
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
            AtOnce?.Invoke();
            exit(ExitCode);
            return;
        }

        (ExitCode, Reason) = signal switch
        {
            PosixSignal.SIGTERM => (Client.ExitCode.Terminated, "stopped by SIGTERM"),
            BrokenPipe => (Client.ExitCode.ReaderGone, "stopped because nobody reads standard output any more"),
            PosixSignal.SIGHUP => (Client.ExitCode.HungUp, "stopped because the terminal was closed"),
            _ => (Client.ExitCode.Interrupted, "stopped by Ctrl-C"),
        };
        // Whoever waits for the token goes on elsewhere: this is the thread that the second signal comes on.
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

using Orleans.Tbptt.Cluster;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client;

/// <summary>The exit codes of <c>tbptt</c>.</summary>
internal static class ExitCode
{
    /// <summary>The run completed, or the command succeeded.</summary>
    public const int Completed = 0;

    /// <summary>The run failed, the named run does not exist, or its state does not allow the command.</summary>
    public const int Failed = 1;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 2;

    /// <summary>The run was stopped.</summary>
    public const int Stopped = 3;

    /// <summary>A loss or gradient of the run was not finite.</summary>
    public const int Diverged = 4;

    /// <summary>
    /// A run or a model is not equal to what its spec and data give, or to another run, or a silo computes unlike bits, or a statement does
    /// not hold.
    /// </summary>
    public const int Unequal = 5;

    /// <summary>The spec or its data have problems, or the run ID belongs to another run (<c>EX_DATAERR</c>).</summary>
    public const int BadSpec = 65;

    /// <summary>The cluster cannot be started or reached, or its version differs (<c>EX_UNAVAILABLE</c>).</summary>
    public const int Unreachable = 69;

    /// <summary>The run did not end within the given time; the code of <c>timeout</c>.</summary>
    public const int TimedOut = 124;

    /// <summary>The terminal was closed (128 + SIGHUP).</summary>
    public const int HungUp = 129;

    /// <summary>Ended by Ctrl-C, also when that detached from a run that continues: its outcome is not known.</summary>
    public const int Interrupted = 130;

    /// <summary>The reader of standard output has gone (128 + SIGPIPE).</summary>
    public const int ReaderGone = 141;

    /// <summary>Ended by SIGTERM.</summary>
    public const int Terminated = 143;

    /// <summary>Every code with its meaning, for the help, the manual and the documentation.</summary>
    public static IReadOnlyList<(int Code, string Meaning)> Meanings { get; } =
    [
        (Completed, "the run completed, or the command succeeded"),
        (Failed, "the run failed, does not exist, or its state does not allow the command"),
        (Usage, "usage"),
        (Stopped, "the run was stopped"),
        (Diverged, "the run diverged"),
        (Unequal, "`verify`, `bisect` or `audit --now` found what is not equal, or a statement does not hold"),
        (BadSpec, "the spec or its data have problems, or the run ID belongs to another run"),
        (Unreachable, "the cluster cannot be started or reached, or its version differs"),
        (TimedOut, "`wait --timeout` elapsed"),
        (HungUp, "the terminal was closed"),
        (Interrupted, "Ctrl-C, also when it detached from a run that continues"),
        (ReaderGone, "the reader of standard output has gone"),
        (Terminated, "SIGTERM"),
    ];

    /// <summary>The exit code for a run's final state.</summary>
    public static int Of(RunState state) => state switch
    {
        RunState.Completed => Completed,
        RunState.Stopped => Stopped,
        RunState.Diverged => Diverged,
        _ => Failed,
    };
}

/// <summary>An expected error, reported to the user in one line without a stack trace.</summary>
internal class ClientException(string message, int exitCode, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>One of <see cref="Client.ExitCode"/>.</summary>
    public int ExitCode { get; } = exitCode;

    /// <summary>Reads settings, or something that they name.</summary>
    /// <exception cref="ClientException">A setting is wrong.</exception>
    public static T OrThrow<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (ClusterSettingsException exception)
        {
            throw new ClientException(Text.OneLine(exception.Message), Client.ExitCode.Usage, exception);
        }
    }
}

using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client;

/// <summary>How <c>tbptt</c> ends.</summary>
internal static class ExitCode
{
    /// <summary>The run completed; whatever else was asked for was done.</summary>
    public const int Completed = 0;

    /// <summary>The run failed; or the run asked for does not exist; or what was asked cannot be done to it as it stands.</summary>
    public const int Failed = 1;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 2;

    /// <summary>Somebody stopped the run.</summary>
    public const int Stopped = 3;

    /// <summary>The run's loss or gradient ceased to be a finite number.</summary>
    public const int Diverged = 4;

    /// <summary>The spec, or the data it names, is not fit to be trained on, or its run's id is another run's (<c>EX_DATAERR</c>).</summary>
    public const int BadSpec = 65;

    /// <summary>The cluster cannot be started or reached, or it is of another version (<c>EX_UNAVAILABLE</c>).</summary>
    public const int Unreachable = 69;

    /// <summary>What was waited for did not come in the time given, as <c>timeout</c> says it.</summary>
    public const int TimedOut = 124;

    /// <summary>The terminal was closed (128 + SIGHUP).</summary>
    public const int HungUp = 129;

    /// <summary>Ended by Ctrl-C; also when that detached from a run that goes on: how it will end is not known.</summary>
    public const int Interrupted = 130;

    /// <summary>Nobody read standard output any more (128 + SIGPIPE).</summary>
    public const int ReaderGone = 141;

    /// <summary>Ended by SIGTERM.</summary>
    public const int Terminated = 143;

    /// <summary>The code for a run that ended so.</summary>
    public static int Of(RunState state) => state switch
    {
        RunState.Completed => Completed,
        RunState.Stopped => Stopped,
        RunState.Diverged => Diverged,
        _ => Failed,
    };
}

/// <summary>Something a user can expect to go wrong: told in one line, without a stack trace.</summary>
internal sealed class ClientException(string message, int exitCode, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>One of <see cref="Client.ExitCode"/>.</summary>
    public int ExitCode { get; } = exitCode;
}

using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client;

/// <summary>How <c>tbptt</c> ends.</summary>
internal static class ExitCode
{
    /// <summary>The run completed; whatever else was asked for was done.</summary>
    public const int Completed = 0;

    /// <summary>The run failed; or the run asked for does not exist.</summary>
    public const int Failed = 1;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 2;

    /// <summary>Somebody stopped the run.</summary>
    public const int Stopped = 3;

    /// <summary>The run's loss or gradient ceased to be a finite number.</summary>
    public const int Diverged = 4;

    /// <summary>The spec, or the data it names, is not fit to be trained on (<c>EX_DATAERR</c>).</summary>
    public const int BadSpec = 65;

    /// <summary>The cluster cannot be started, or not be reached any more (<c>EX_UNAVAILABLE</c>).</summary>
    public const int Unreachable = 69;

    /// <summary>Ended by Ctrl-C.</summary>
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

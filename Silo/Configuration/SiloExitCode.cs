namespace Orleans.Tbptt.Silo.Configuration;

/// <summary>The exit codes of a silo process, numbered as in <c>sysexits.h</c>.</summary>
internal static class SiloExitCode
{
    /// <summary>It ended on request.</summary>
    public const int Ended = 0;

    /// <summary>The membership store, or another service it needs, cannot be reached.</summary>
    public const int Unreachable = 69;

    /// <summary>It was declared dead by the others, or failed fatally.</summary>
    public const int Failed = 70;

    /// <summary>An option, a configuration key or the installation is wrong.</summary>
    public const int WrongConfiguration = 78;
}

/// <summary>Why a silo cannot start: a message of one line, and the exit code.</summary>
internal sealed class SiloStartException(string message, int exitCode, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>One of <see cref="SiloExitCode"/>.</summary>
    public int ExitCode { get; } = exitCode;
}

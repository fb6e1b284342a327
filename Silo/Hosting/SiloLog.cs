using Orleans.Tbptt.Silo.Configuration;
using Serilog;
using Serilog.Events;

namespace Orleans.Tbptt.Silo.Hosting;

/// <summary>Where a silo's log goes: the console of a standing silo, and the log file.</summary>
internal static class SiloLog
{
    private const string Line = "{Timestamp:yyyy-MM-dd HH:mm:ss.fff} {Level:u4} {SourceContext} {Message:lj}{NewLine}{Exception}";

    /// <summary>Opens the log of this process.</summary>
    /// <exception cref="SiloStartException">The log file cannot be written.</exception>
    public static void Open(SiloSettings settings, SiloMode mode)
    {
        var level = settings.MinimumLevel;
        var framework = level >= LogEventLevel.Information ? (LogEventLevel)Math.Max((int)level, (int)LogEventLevel.Warning) : level;
        var log = new LoggerConfiguration()
            .MinimumLevel.Is(level)
            .MinimumLevel.Override("Orleans", framework)
            .MinimumLevel.Override("Microsoft", framework)
            .MinimumLevel.Override("Polly", framework)
            .MinimumLevel.Override("Orleans.Tbptt", level)
            .Filter.ByExcluding(LogNoise.Contains);
        // A local silo's standard output carries the ready line and nothing else.
        if (mode == SiloMode.Standing)
            log.WriteTo.Console(outputTemplate: Line, formatProvider: System.Globalization.CultureInfo.InvariantCulture);
        if (settings.LogFile is { } file)
        {
            CheckWritable(file);
            log.WriteTo.File(file, outputTemplate: Line, formatProvider: System.Globalization.CultureInfo.InvariantCulture);
        }

        Log.Logger = log.CreateLogger();
    }

    /// <summary>Serilog says nothing about a file it cannot write.</summary>
    private static void CheckWritable(string file)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
            using var stream = new FileStream(file, FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new SiloStartException($"log-file: cannot write {file}: {exception.Message}", SiloExitCode.WrongConfiguration, exception);
        }
    }
}

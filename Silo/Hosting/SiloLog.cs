using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Tbptt.Silo.Configuration;
using Serilog;
using Serilog.Configuration;
using Serilog.Events;
using Serilog.Extensions.Logging;
using Serilog.Formatting;
using Serilog.Formatting.Compact;
using Serilog.Formatting.Display;

namespace Orleans.Tbptt.Silo.Hosting;

/// <summary>The destinations of a silo's log: the console of a standing silo, the log file, and the host's exporters.</summary>
internal static class SiloLog
{
    private const string Line = "{Timestamp:yyyy-MM-dd HH:mm:ss.fff} {Level:u4} {SourceContext} {Message:lj}{NewLine}{Exception}";

    /// <summary>Additional destinations. They belong to the host, and so miss entries logged before it is built.</summary>
    private static LoggerProviderCollection _exporters = new();

    /// <summary>Opens the log of this process.</summary>
    /// <exception cref="SiloStartException">The log file cannot be written.</exception>
    public static void Open(SiloSettings settings, SiloMode mode)
    {
        var level = settings.MinimumLevel;
        var framework = level >= LogEventLevel.Information ? (LogEventLevel)Math.Max((int)level, (int)LogEventLevel.Warning) : level;

        // At no level it makes neither a scope nor an activity for each request, which nothing reads.
        var requests = level >= LogEventLevel.Information ? LevelAlias.Off : level;
        var log = new LoggerConfiguration()
            .MinimumLevel.Is(level)
            .MinimumLevel.Override("Orleans", framework)
            .MinimumLevel.Override("Microsoft", framework)
            .MinimumLevel.Override("Polly", framework)
            .MinimumLevel.Override("Orleans.Tbptt", level)
            .MinimumLevel.Override("Microsoft.AspNetCore.Hosting.Diagnostics", requests)
            .Filter.ByExcluding(LogNoise.Contains);
        // The console reads and shows the logs of its local silos.
        ITextFormatter formatter = settings.LogsJson && mode == SiloMode.Standing
            ? new RenderedCompactJsonFormatter()
            : new MessageTemplateTextFormatter(Line, CultureInfo.InvariantCulture);
        if (settings.LogFile is { } checkedFile)
            CheckWritable(checkedFile);
        log.WriteTo.Sink(LoggerSinkConfiguration.Wrap(sink => new RecordedSpans(sink), to =>
        {
            // A local silo's standard output carries only the ready line.
            if (mode == SiloMode.Standing)
                to.Console(formatter);
            if (settings.LogFile is { } file)
                to.File(formatter, file);
        }));

        _exporters = new();
        log.WriteTo.Providers(_exporters);
        Log.Logger = log.CreateLogger();
    }

    /// <summary>Directs a host's logging here, and the log to the host's logger providers.</summary>
    public static void AddTo(IServiceCollection services) => services.AddSerilog(Log.Logger, providers: _exporters);

    /// <summary>Checks the log file, because Serilog does not report a file that it cannot write.</summary>
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

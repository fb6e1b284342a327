using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Help;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Cluster;
using Orleans.Tbptt.Cluster.Settings;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Client.CommandLine;

/// <summary>The console: runs a command, and reports every expected error in one line.</summary>
/// <param name="context">The services that commands use.</param>
internal sealed class ConsoleApp(ConsoleContext context)
{
    /// <summary>Runs the command in <paramref name="args"/>, and returns the exit code.</summary>
    public async Task<int> RunAsync(string[] args)
    {
        var terminal = context.Terminal;
        var commands = Commands.Build(context);
        var parsed = commands.Parse(args);
        // A line to complete is incomplete, and nothing of it is executed.
        if (commands.Directives.OfType<SuggestDirective>().Any(directive => parsed.GetResult(directive) is not null))
            return await parsed.InvokeAsync(new InvocationConfiguration { Output = terminal.Out, Error = terminal.Error });
        if (parsed.Errors.Count > 0)
        {
            foreach (string error in UsageErrors.Of(parsed))
                terminal.Error.WriteLine($"tbptt: {Text.OneLine(error)}");
            string command = parsed.CommandResult.Command is RootCommand ? "" : $" {parsed.CommandResult.Command.Name}";
            terminal.Error.WriteLine($"Try 'tbptt{command} --help'.");
            return ExitCode.Usage;
        }

        using var telemetry = context.Telemetry.Begin(parsed);
        try
        {
            if (parsed.Action is not HelpAction && parsed.CommandResult.Command is not RootCommand)
                SettingKeys.Check(context.Configuration.Value);
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                Output = terminal.Out,
                Error = terminal.Error,
                EnableDefaultExceptionHandler = false,
                // Interruption handles the signals.
                ProcessTerminationTimeout = null,
            });
        }
        catch (SpecException exception)
        {
            foreach (var problem in exception.Problems)
                terminal.Error.WriteLine(Text.OneLine(Located(problem).ToString()));
            return ExitCode.BadSpec;
        }
        catch (ClientException exception)
        {
            terminal.Error.WriteLine($"tbptt: {exception.Message}");
            return exception.ExitCode;
        }
        catch (ClusterSettingsException exception)
        {
            terminal.Error.WriteLine($"tbptt: {Text.OneLine(exception.Message)}");
            return ExitCode.Usage;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            terminal.Error.WriteLine($"tbptt: {Text.OneLine(exception.Message)}");
            return ExitCode.Failed;
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // A bug: the exception's type belongs in the report.
            terminal.Error.WriteLine($"tbptt: {exception.GetType().Name}: {Text.OneLine(exception.Message)}");
            return ExitCode.Failed;
        }
    }

    /// <summary>A problem without location and key concerns the argument itself.</summary>
    private static SpecProblem Located(SpecProblem problem) =>
        string.IsNullOrWhiteSpace(problem.Location) && problem.Key.Length == 0 ? problem with { Location = "SPEC" } : problem;
}

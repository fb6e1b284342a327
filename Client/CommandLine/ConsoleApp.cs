using System.CommandLine;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Client.CommandLine;

/// <summary>The console: its commands, and one line for everything that a user can expect to go wrong.</summary>
/// <param name="context">What commands work with.</param>
internal sealed class ConsoleApp(ConsoleContext context)
{
    /// <summary>Does what <paramref name="args"/> say, and returns the exit code.</summary>
    public async Task<int> RunAsync(string[] args)
    {
        var terminal = context.Terminal;
        var parsed = Commands.Build(context).Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors)
                terminal.Error.WriteLine($"tbptt: {Text.OneLine(error.Message)}");
            string command = parsed.CommandResult.Command is RootCommand ? "" : $" {parsed.CommandResult.Command.Name}";
            terminal.Error.WriteLine($"Try 'tbptt{command} --help'.");
            return ExitCode.Usage;
        }

        using var telemetry = context.Telemetry.Begin(parsed);
        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                Output = terminal.Out,
                Error = terminal.Error,
                EnableDefaultExceptionHandler = false,
                // Signals are the interruption's.
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
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            terminal.Error.WriteLine($"tbptt: {Text.OneLine(exception.Message)}");
            return ExitCode.Failed;
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // Nobody expected it: its kind is part of what to report.
            terminal.Error.WriteLine($"tbptt: {exception.GetType().Name}: {Text.OneLine(exception.Message)}");
            return ExitCode.Failed;
        }
    }

    /// <summary>A problem with neither a place nor a key is one with the argument itself.</summary>
    private static SpecProblem Located(SpecProblem problem) =>
        string.IsNullOrWhiteSpace(problem.Location) && problem.Key.Length == 0 ? problem with { Location = "SPEC" } : problem;
}

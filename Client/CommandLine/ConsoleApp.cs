using System.CommandLine;
using Orleans.Tbptt.Client.Cluster;
using Orleans.Tbptt.Client.Runs;
using Orleans.Tbptt.Client.Specs;
using Orleans.Tbptt.Client.Train;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Client.Watching;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Client.CommandLine;

/// <summary>The console: its commands, and one line for everything that a user can expect to go wrong.</summary>
/// <param name="checker">Reads specs.</param>
/// <param name="launcher">Starts clusters.</param>
/// <param name="terminal">Where to write.</param>
/// <param name="time">The clock.</param>
/// <param name="interruption">Ctrl-C.</param>
internal sealed class ConsoleApp(
    ISpecChecker checker, IClusterLauncher launcher, Terminal terminal, TimeProvider time, Interruption interruption)
{
    /// <summary>Does what <paramref name="args"/> say, and returns the exit code.</summary>
    public async Task<int> RunAsync(string[] args)
    {
        var parsed = Commands.Build(this).Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors)
                terminal.Error.WriteLine($"tbptt: {Text.OneLine(error.Message)}");
            string command = parsed.CommandResult.Command is RootCommand ? "" : $" {parsed.CommandResult.Command.Name}";
            terminal.Error.WriteLine($"Try 'tbptt{command} --help'.");
            return ExitCode.Usage;
        }

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

    /// <summary><c>tbptt train</c>.</summary>
    public Task<int> TrainAsync(TrainRequest request) =>
        new TrainCommand(checker, launcher, terminal, time, new WatchLimits()).RunAsync(request, interruption);

    /// <summary><c>tbptt validate</c>.</summary>
    public int Validate(string spec, IReadOnlyList<string> sets) => ValidateCommand.Run(checker, spec, sets, terminal);

    /// <summary><c>tbptt show</c>.</summary>
    public int Show(string run, string runs, bool json) => ShowCommand.Run(runs, run, json, terminal, time);

    /// <summary><c>tbptt ls</c>.</summary>
    public int List(string runs, bool json) => ListCommand.Run(runs, json, terminal, time);
}

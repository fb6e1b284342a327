using Spectre.Console;

namespace Orleans.Tbptt.Client.Views;

/// <summary>Where the console writes.</summary>
/// <param name="Out">Results.</param>
/// <param name="Error">Errors and messages that are not results.</param>
/// <param name="Live">The terminal to draw on; null when standard output is not a terminal with cursor control.</param>
internal sealed record Terminal(TextWriter Out, TextWriter Error, IAnsiConsole? Live)
{
    /// <summary>Whether <see cref="Out"/> has lost its reader.</summary>
    public Func<bool> HasLostItsReader { get; init; } = () => false;

    /// <summary>Opens standard input.</summary>
    public Func<Stream> OpenInput { get; init; } = () => Stream.Null;

    /// <summary>This process's terminal. <see cref="Live"/> is null for files, pipes and dumb terminals.</summary>
    public static Terminal OfProcess()
    {
        bool draws = !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");
        // NO_COLOR overrides the terminal's capabilities.
        bool colours = string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        var settings = new AnsiConsoleSettings { ColorSystem = colours ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors };
        return new(Console.Out, Console.Error, draws ? AnsiConsole.Create(settings)
            : null)
            {
                HasLostItsReader = StandardOutput.HasLostItsReader, OpenInput = Console.OpenStandardInput,
            };
    }
}

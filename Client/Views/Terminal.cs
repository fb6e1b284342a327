using Spectre.Console;

namespace Orleans.Tbptt.Client.Views;

/// <summary>Where the console writes.</summary>
/// <param name="Out">Results.</param>
/// <param name="Error">Problems, and what is said beside results that a program reads.</param>
/// <param name="Live">The terminal to draw on; null when standard output is not one that can be drawn on.</param>
internal sealed record Terminal(TextWriter Out, TextWriter Error, IAnsiConsole? Live)
{
    /// <summary>Whether nobody reads <see cref="Out"/> any more.</summary>
    public Func<bool> HasLostItsReader { get; init; } = () => false;

    /// <summary>This process's terminal. Files, pipes and dumb terminals are not drawn on.</summary>
    public static Terminal OfProcess()
    {
        bool draws = !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");
        // NO_COLOR takes colours away, whatever the terminal says it can do.
        bool colours = string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        var settings = new AnsiConsoleSettings { ColorSystem = colours ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors };
        return new(Console.Out, Console.Error, draws ? AnsiConsole.Create(settings) : null) { HasLostItsReader = StandardOutput.HasLostItsReader };
    }
}

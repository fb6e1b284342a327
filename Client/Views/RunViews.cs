using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Views;

/// <summary>Creates the view that the user asked for.</summary>
internal static class RunViews
{
    /// <summary>Creates a view.</summary>
    /// <param name="terminal">Where the view writes to.</param>
    /// <param name="mode">How to show the run.</param>
    /// <param name="run">The run.</param>
    /// <param name="time">The clock.</param>
    public static IRunView Create(Terminal terminal, OutputMode mode, RunId run, TimeProvider time)
    {
        switch (mode)
        {
            case OutputMode.Json:
                return new JsonView(terminal.Out, terminal.Error);
            case OutputMode.Live when terminal.Live is null:
                terminal.Error.WriteLine("tbptt: standard output is not a terminal with cursor control; using --output plain");
                break;
            case OutputMode.Live or OutputMode.Auto when terminal.Live is { } console:
                return new LiveView(console, run.Text, time);
        }

        return new PlainView(terminal.Out, time);
    }

    /// <summary>The writer of messages for users: standard error where standard output carries JSON.</summary>
    public static TextWriter Messages(Terminal terminal, OutputMode mode) => mode == OutputMode.Json ? terminal.Error : terminal.Out;
}

using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Logs;

/// <summary>A run's events as text with timestamps, without steps.</summary>
/// <param name="terminal">Where to write to.</param>
internal sealed class EventLogView(Terminal terminal) : IRunView
{
    /// <inheritdoc/>
    public void OnEvent(string line, RunEvent? runEvent)
    {
        if (runEvent is not null)
            LogsCommand.Write(terminal.Out, runEvent);
    }

    /// <inheritdoc/>
    public void OnNotice(string text) => terminal.Error.WriteLine($"tbptt: {Text.OneLine(text)}");

    /// <inheritdoc/>
    public void OnTick() => terminal.Out.Flush();
}

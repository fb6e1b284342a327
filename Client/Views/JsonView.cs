using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Views;

/// <summary>For programs: the events, byte for byte as they came, one a line, and nothing else on standard output.</summary>
internal sealed class JsonView(TextWriter output, TextWriter error) : IRunView
{
    /// <inheritdoc/>
    public bool WantsStatus => false;

    /// <inheritdoc/>
    public Task<T> ShowAsync<T>(Func<Task<T>> body) => body();

    /// <inheritdoc/>
    public void OnEvent(string line, RunEvent? runEvent)
    {
        output.Write(line);
        output.Write('\n');
        // A reader at the other end of a pipe wants it now.
        output.Flush();
    }

    /// <inheritdoc/>
    public void OnStatus(RunStatus status)
    {
        // Not an event.
    }

    /// <inheritdoc/>
    public void OnNotice(string text) => error.WriteLine($"tbptt: {Text.OneLine(text)}");

    /// <inheritdoc/>
    public void OnTick()
    {
        // Events are all there is.
    }
}

using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Views;

/// <summary>For programs: the events, byte for byte as received, one per line, and nothing else on standard output.</summary>
internal sealed class JsonView(TextWriter output, TextWriter error) : IRunView
{
    /// <inheritdoc/>
    public void OnEvent(string line, RunEvent? runEvent)
    {
        output.Write(line);
        output.Write('\n');
        // The reader of a pipe must see each event at once.
        output.Flush();
    }

    /// <inheritdoc/>
    public void OnNotice(string text) => error.WriteLine($"tbptt: {Text.OneLine(text)}");
}

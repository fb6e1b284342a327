using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Views;

/// <summary>Shows nothing; used where only the end matters.</summary>
internal sealed class SilentView : IRunView
{
    /// <inheritdoc/>
    public void OnEvent(string line, RunEvent? runEvent)
    {
        // Shows nothing.
    }

    /// <inheritdoc/>
    public void OnNotice(string text)
    {
        // A cluster that stays unreachable ends the wait with an error.
    }
}

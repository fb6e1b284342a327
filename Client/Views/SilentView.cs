using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Views;

/// <summary>Shows nothing: the end is what is waited for.</summary>
internal sealed class SilentView : IRunView
{
    /// <inheritdoc/>
    public bool WantsStatus => false;

    /// <inheritdoc/>
    public Task<T> ShowAsync<T>(Func<Task<T>> body) => body();

    /// <inheritdoc/>
    public void OnEvent(string line, RunEvent? runEvent)
    {
        // Nobody looks.
    }

    /// <inheritdoc/>
    public void OnStatus(RunStatus status)
    {
        // Nobody looks.
    }

    /// <inheritdoc/>
    public void OnNotice(string text)
    {
        // A cluster that is out of reach for good ends the wait.
    }

    /// <inheritdoc/>
    public void OnTick()
    {
        // Nobody looks.
    }
}

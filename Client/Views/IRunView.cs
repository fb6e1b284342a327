using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Views;

/// <summary>Shows a run in progress, by its events alone unless a view says otherwise. Called from one thread at a time.</summary>
internal interface IRunView
{
    /// <summary>Whether this view needs <see cref="OnStatus"/>.</summary>
    bool WantsStatus => false;

    /// <summary>Holds the view's resources, such as the terminal's lower part, while <paramref name="body"/> runs.</summary>
    Task<T> ShowAsync<T>(Func<Task<T>> body) => body();

    /// <summary>Called for each event once, in order.</summary>
    /// <param name="line">The event's JSON line as received.</param>
    /// <param name="runEvent">The event; null for an unknown kind.</param>
    void OnEvent(string line, RunEvent? runEvent);

    /// <summary>Called with each status that was read.</summary>
    void OnStatus(RunStatus status)
    {
        // Shows events only.
    }

    /// <summary>Called with a message for the user that is not an event of the run.</summary>
    void OnNotice(string text);

    /// <summary>Called with what the console waits for before the first step: <c>starting silo 2 of 3</c>.</summary>
    void OnPhase(string phase)
    {
        // Lines about a start of a second would only lengthen a log.
    }

    /// <summary>Called regularly, with or without events.</summary>
    void OnTick()
    {
        // Shows events only.
    }
}

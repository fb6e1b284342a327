using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Views;

/// <summary>Shows a run while it goes on. Called from one thread at a time.</summary>
internal interface IRunView
{
    /// <summary>Whether <see cref="OnStatus"/> is of use to this view.</summary>
    bool WantsStatus { get; }

    /// <summary>Holds whatever the view needs (a terminal's lower part, say) while <paramref name="body"/> runs.</summary>
    Task<T> ShowAsync<T>(Func<Task<T>> body);

    /// <summary>An event came: each once, in order.</summary>
    /// <param name="line">The event as it came.</param>
    /// <param name="runEvent">The event; null when it is of a kind this program does not know.</param>
    void OnEvent(string line, RunEvent? runEvent);

    /// <summary>The run's status was asked for.</summary>
    void OnStatus(RunStatus status);

    /// <summary>Something a user should know that is no event of the run.</summary>
    void OnNotice(string text);

    /// <summary>Time went on, with or without events.</summary>
    void OnTick();
}
